"use strict";
// A second press shortly after an answer belongs to the item before.
const PAUSE_MS = 250;
const find = (id) => document.getElementById(id);
const stage = find("stage");
let item = null, busy = true, player = null;
let shown = 0, watched = 0, since = 0;  // ms: when it was shown; time in view, and since when

const now = () => performance.now();
const seconds = () => (watched + (since ? now() - since : 0)) / 1000;

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { if (since) watched += now() - since; since = 0; }
  else if (item) since = now();
});

function complain(text) {
  find("alert").textContent = text;
  find("alert").hidden = !text;
}

function element(name, values, ...children) {
  const made = Object.assign(document.createElement(name), values);
  made.append(...children);
  return made;
}

function play() {
  if (!player) return;
  player.play().catch(() => complain("The browser waits for a key or a click before it plays: press the space bar."));
}

function show(state) {
  item = state.item;
  complain("");
  find("bar").max = Math.max(state.items, 1);
  find("bar").value = state.rated;
  find("count").textContent = `${state.rated} of ${state.items} rated` + (state.skipped ? `, ${state.skipped} skipped` : "");
  stage.replaceChildren();
  stage.className = "";
  player = null;
  for (const button of document.querySelectorAll(".label")) { button.disabled = !item; button.classList.remove("chosen"); }
  find("skip").disabled = !item;
  find("undo").disabled = !state.can_undo;
  find("caption").replaceChildren();
  if (!item) {
    stage.className = "empty";
    stage.append(element("strong", {textContent: state.skipped ? "Only skipped items are left" : "All items are rated"}));
    if (state.skipped) {
      stage.append(element("button", {type: "button", id: "again", textContent: `show ${state.skipped} skipped again`, onclick: () => send({what: "again"})}));
    } else {
      stage.append(element("span", {textContent: "Every answer is saved. This page can be closed."}));
    }
    find("replay").disabled = true;
    shown = now(); watched = since = 0;
    return;
  }
  const failed = () => complain(`${item.id} cannot be shown by this browser: skip it.`);
  if (item.kind === "image") {
    stage.append(element("img", {src: item.address, alt: "", onerror: failed}));
  } else {
    player = element(item.kind, {src: item.address, controls: true, preload: "auto", onerror: failed, onplaying: () => { if (find("alert").textContent.includes("space bar")) complain(""); }});
    stage.append(player);
    play();
  }
  find("replay").disabled = !player;
  find("caption").append(item.title || "", element("small", {textContent: item.id}));
  shown = now(); watched = 0; since = document.hidden ? 0 : shown;
}

async function ask(address, options) {
  busy = true;
  try {
    const answer = await fetch(address, options);
    const state = await answer.json();
    if (answer.ok) { show(state); return true; }
    complain(state.error);
    if (answer.status === 409) {
      const next = await fetch("next");
      if (next.ok) { show(await next.json()); complain(state.error); }
    }
  } catch {
    complain("The server does not answer, and nothing was saved since: is `affekt project rate` still running?");
  } finally {
    busy = false;
  }
  return false;
}

function send(answer) {
  return ask("answer", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(answer)});
}

async function rate(button) {
  if (busy || !item || now() - shown < PAUSE_MS) return;
  const rated = item, spent = seconds();
  button.classList.add("chosen");
  if (await send({what: "rate", item: rated.id, label: button.dataset.label, seconds: spent})) {
    find("last").textContent = `${rated.id}: ${button.dataset.label}`;
  } else {
    button.classList.remove("chosen");
  }
}

async function skip() {
  if (busy || !item || now() - shown < PAUSE_MS) return;
  const skipped = item;
  if (await send({what: "skip", item: skipped.id})) find("last").textContent = `${skipped.id}: skipped`;
}

async function undo() {
  if (busy || find("undo").disabled) return;
  if (await send({what: "undo"})) find("last").textContent = `${item ? item.id : "an item"}: taken back`;
}

function replay() {
  if (!player) return;
  player.currentTime = 0;
  play();
}

for (const button of document.querySelectorAll(".label")) button.addEventListener("click", () => { rate(button); button.blur(); });
for (const [id, act] of [["skip", skip], ["undo", undo], ["replay", replay]]) find(id).addEventListener("click", () => { act(); find(id).blur(); });

// Before the controls of the player, which take the space bar and others when they have the focus.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key === " " && player) {
    event.preventDefault(); event.stopPropagation();
    if (player.paused) play(); else player.pause();
    return;
  }
  const button = [...document.querySelectorAll("button[data-key]")].find((one) => one.dataset.key === key);
  if (button && !button.disabled) { event.preventDefault(); event.stopPropagation(); button.click(); }
}, true);

ask("next");
