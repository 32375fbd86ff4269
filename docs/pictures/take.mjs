// Takes the pictures of the README from a running demonstration.
//
//   cargo run --release -- demo --port 8099 &
//   npm install --no-save --prefix /tmp/pictures playwright-core
//   NODE_PATH=/tmp/pictures/node_modules node docs/pictures/take.mjs http://127.0.0.1:8099 docs/pictures
import { createRequire } from 'node:module';

const { chromium } = createRequire(import.meta.url)('playwright-core');
const [address, folder] = process.argv.slice(2);
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });

async function take(user, pictures) {
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 }, locale: 'zh-CN' });
  const page = await context.newPage();
  await page.goto(`${address}/login`);
  await page.fill('#name', user);
  await page.fill('#password', 'Jiagu-2026');
  await page.click('main form button');
  for (const [name, path] of pictures) {
    await page.goto(address + path);
    await page.screenshot({ path: `${folder}/${name}.png` });
  }
  await context.close();
}

await take('jtj', [['home', '/'], ['findings', '/uploads/1']]);
await take('mishuchu', [['review', '/review'], ['progress', '/progress'], ['runs', '/runs']]);
await browser.close();
