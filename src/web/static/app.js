// Conveniences. Every page works without them.
"use strict";

// A table of choices: one box takes or drops the whole page.
for (const all of document.querySelectorAll("input[data-select-all]")) {
  const boxes = [...document.querySelectorAll(`input[name="${all.dataset.selectAll}"]`)];
  const shown = document.querySelector("[data-selected]");
  const tell = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes.length;
    all.indeterminate = chosen > 0 && chosen < boxes.length;
    if (shown) shown.textContent = `已选 ${chosen} 个`;
  };
  all.parentElement.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  for (const box of boxes) box.addEventListener("change", tell);
  tell();
}

// An upload that shows how far it is, and takes a file dropped on it.
for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  const button = form.querySelector("button");
  const state = form.querySelector("[data-state]");
  const drop = form.querySelector(".drop");
  const over = (on) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", on);
  };
  drop.addEventListener("dragover", over(true));
  drop.addEventListener("dragleave", over(false));
  drop.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", "上传进度");
    state.replaceChildren("正在上传…", bar);
    button.disabled = true;
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (step) => {
      if (step.lengthComputable) bar.value = step.loaded / step.total;
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      state.firstChild.textContent = "已收到，正在检查…文件已保存，此时关闭页面也不会丢失。";
    });
    request.addEventListener("error", () => {
      button.disabled = false;
      state.replaceChildren("网络中断，文件没有传完。请检查网络后再点一次“上传并检查”。");
    });
    request.addEventListener("load", () => {
      history.pushState(null, "", request.responseURL);
      document.open();
      document.write(request.responseText);
      document.close();
    });
    request.open("POST", form.action);
    request.send(new FormData(form));
  });
}

// A delivery at work: its bar follows it, and the page is read again when it is over.
for (const row of document.querySelectorAll("[data-live]")) {
  const events = new EventSource(row.dataset.live);
  events.addEventListener("run", (event) => {
    const run = JSON.parse(event.data);
    const bar = row.querySelector("progress");
    bar.max = run.selected;
    bar.value = run.settled;
    row.querySelector("[data-words]").textContent = run.words;
  });
  events.addEventListener("end", () => {
    events.close();
    location.reload();
  });
}
