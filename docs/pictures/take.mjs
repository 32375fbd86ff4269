// Takes the pictures of the README and of the manual from a running demonstration, to which it adds what waits, what an operator carries, and a photo.
//
//   cargo run --release -- demo --port 8099 &
//   npm install --no-save --prefix /tmp/pictures playwright-core
//   NODE_PATH=/tmp/pictures/node_modules node docs/pictures/take.mjs http://127.0.0.1:8099 docs/pictures
//   mogrify +dither -colors 128 -define png:compression-level=9 docs/pictures/*.png
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const [address, folder] = process.argv.slice(2);
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });

async function open(user) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.goto(`${address}/login`);
  if (user) {
    await page.fill('#name', user);
    await page.fill('#password', 'Jiagu-2026');
    await page.click('main form button');
  }
  return page;
}

// A picture is its name and address, and where it is not the page's head, what it begins with.
async function take(page, pictures) {
  for (const [name, path, from] of pictures) {
    await page.goto(address + path);
    if (from) await page.locator(from).first().evaluate((at) => at.scrollIntoView());
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
  await page.context().close();
}

// Fills a form and sends it; what a select offers is chosen by its value.
async function send(page, path, form, fields) {
  await page.goto(address + path);
  for (const [name, value] of Object.entries(fields)) {
    const field = page.locator(`${form} [name=${name}]`).first();
    const select = await field.evaluate((at) => at.tagName === 'SELECT');
    await (select ? field.selectOption(value) : field.fill(value));
  }
  await page.locator(`${form} button`).last().click();
}

const office = await open('mishuchu');
const day = (after) => new Date(Date.now() + after * 86_400_000).toISOString().slice(0, 10);
await send(office, '/waivers', 'form[action="/waivers"]', { code: 'LC-2026-000002', rule: 'S004', until: day(180), reason: '场地资料明年补齐，先行登记' });
// What is approved now waits for an operator to carry it.
await office.goto(`${address}/review`);
await office.locator('input[name=project]').nth(0).check();
await office.locator('input[name=project]').nth(1).check();
await office.click('button[value=approve]');
await office.goto(`${address}/packages`);
await office.click('form[action="/packages"] button');
// A photo of a works: a sheet of paper with words on it.
await office.goto(`${address}/projects/LC-2026-000002`);
const sheet = await office.locator('.values').first().screenshot({ type: 'jpeg', quality: 80 });
const photo = { name: 'LC-2026-000002_施工.jpg', mimeType: 'image/jpeg', buffer: sheet };
await office.setInputFiles('form[action$="/photos"] input[type=file]', photo);
await office.locator('form[action$="/photos"] button').last().click();

// A roster that is not confirmed yet: what was found, what is to be explained, what it would change.
await office.goto(`${address}/`);
await office.selectOption('#department', 'NYJ');
await office.setInputFiles('#file', fileURLToPath(new URL('../../import/tests/rosters/04-nyj-farmhouses.xlsx', import.meta.url)));
await office.click('form[data-upload] button');
await office.waitForURL('**/uploads/*');
const roster = new URL(office.url()).pathname;

await take(office, [
  ['findings', roster],
  ['explain', roster, '#explain'],
  ['plan', roster, '#plan'],
  ['review', '/review'],
  ['progress', '/progress'],
  ['runs', '/runs'],
  ['bulletin', '/bulletin'],
  ['record', '/projects/LC-2026-000002'],
  ['periods', '/periods'],
  ['timeliness', '/timeliness'],
  ['timeliness-department', '/timeliness/JTJ'],
  ['quality', '/quality'],
  ['duplicates', '/duplicates'],
  ['targets', '/targets'],
  ['inspections', '/inspections'],
  ['meetings', '/meetings'],
  ['waivers', '/waivers'],
  ['packages', '/packages'],
  ['reconciliation', '/reconciliation'],
]);
await take(await open('jtj'), [
  ['home', '/'],
  ['committed', '/uploads/1'],
  ['rule', '/rules/S001'],
  ['photos', '/photos'],
  ['account', '/account'],
  ['error', '/uploads/99'],
]);
await take(await open('shenji'), [['audit', '/audit']]);
await take(await open('guanli'), [['people', '/people'], ['departments', '/departments'], ['jobs', '/jobs']]);
await take(await open(), [['login', '/login']]);
await browser.close();
