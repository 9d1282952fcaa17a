// Boxes that follow people, the cursor over the lanes, jumps, the current line. The page can be read without it.
const { end, labels, colors, lanes, drawn, main: mains, names, boxes, apart } = JSON.parse(document.getElementById("story").textContent);
const timeline = document.querySelector("[data-story]"), player = document.querySelector("video, audio");
const overlay = document.querySelector(".overlay"), lines = [...document.querySelectorAll(".said button")];
const spans = lines.map((line) => [Number(line.dataset.at), Number(line.dataset.to)]);
const clock = (seconds) => {
  const tenths = Math.round(seconds * 10), whole = Math.floor(tenths / 10);
  const two = (number) => String(number).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return (hours ? `${hours}:${two(minutes)}` : minutes) + `:${two(whole % 60)}.${tenths % 10}`;
};
const make = (name, kind, ...content) => {
  const made = document.createElement(name);
  made.className = kind;
  made.append(...content);
  return made;
};
// The last entry that begins at or before a time, by bisection.
const before = (starts, time) => {
  let low = 0, high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};
// Label and confidence of a lane at a time in milliseconds.
const answerOf = (lane, time) => {
  const place = before(lane.from, time);
  if (place < 0 || time >= lane.to[place]) return null;
  const label = lane.label[place], score = lane.score[place];
  const name = label < 0 ? "unsure" : labels[label];
  return { label, text: score < 0 || label < 0 ? name : `${name} ${score} %`, color: label < 0 ? "" : colors[label] };
};

// ---- boxes
const shown = new Map();
const boxAt = (run, time) => {
  const place = before(run.at, time), last = run.at.length - 1;
  if (place < 0 || (place === last && time > run.at[last] + run.lasts)) return null;
  const one = run.box.slice(4 * place, 4 * place + 4);
  if (place === last) return one;
  const share = (time - run.at[place]) / (run.at[place + 1] - run.at[place]);
  return one.map((side, index) => side + share * (run.box[4 * place + 4 + index] - side));
};
const drawBoxes = (seconds) => {
  if (!overlay) return;
  const time = 1000 * Math.min(seconds, end - 0.001), here = new Set();
  for (const run of boxes) {
    const box = boxAt(run, time);
    if (!box || here.has(run.track)) continue;
    here.add(run.track);
    let element = shown.get(run.track);
    if (!element) {
      element = make("div", "box", make("span", "says"));
      shown.set(run.track, element);
      overlay.append(element);
    }
    const [left, top, width, height] = box.map((side) => `${(side / 10).toFixed(2)}%`);
    Object.assign(element.style, { left, top, width, height });
    const lane = lanes[mains[run.person] ?? -1], answer = lane && answerOf(lane, time);
    const text = `${names[run.person] ?? ""} ${answer ? answer.text : ""}`.trim();
    const says = element.firstChild;
    if (says.textContent !== text) says.textContent = text;
    says.hidden = !text;
    says.classList.toggle("inside", box[1] < 70);
    says.classList.toggle("flip", box[0] > 700);
    element.classList.toggle("unsure", Boolean(answer && answer.label < 0));
    element.style.setProperty("--class", answer && answer.color ? answer.color : "#79858f");
  }
  for (const [track, element] of shown) {
    if (here.has(track)) continue;
    element.remove();
    shown.delete(track);
  }
};

// ---- lanes
let now = 0, dragging = false, place = () => {}, show = () => {};
const jump = (seconds, play = false) => {
  now = Math.min(Math.max(seconds, 0), end);
  if (player) {
    player.preload = "auto"; // the frame of this moment is needed now
    player.currentTime = now;
    if (play) player.play().catch(() => {}); // the "error" event below reports it
  }
  place(now);
};
if (timeline) {
  const marks = timeline.querySelector(".marks"), tip = make("div", "tip"), cursor = make("div", "cursor", tip);
  const playhead = make("div", "playhead"), frames = [...timeline.querySelectorAll(".strip img")];
  marks.append(cursor, playhead);
  for (const [name, value] of Object.entries({ role: "slider", tabindex: 0, "aria-label": "position", "aria-valuemin": 0, "aria-valuemax": end })) playhead.setAttribute(name, value);
  for (const band of timeline.querySelectorAll(".bands i:not(.gone)")) band.removeAttribute("title"); // the tip shows the same
  const shareAt = (event) => {
    const box = marks.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  const answersAt = (seconds) => lanes.slice(0, drawn).map((lane) => [lane, answerOf(lane, 1000 * Math.min(seconds, end - 0.001))]).filter(([, answer]) => answer);
  place = (seconds) => {
    playhead.style.left = `${(100 * seconds) / end}%`;
    playhead.setAttribute("aria-valuenow", seconds.toFixed(1));
    const said = answersAt(seconds).map(([lane, answer]) => `${lane.who} ${lane.name} ${answer.text}`.trim());
    playhead.setAttribute("aria-valuetext", [clock(seconds), ...said].join(", "));
    drawBoxes(seconds);
    markLine(seconds);
  };
  show = (seconds) => {
    const share = seconds / end, found = answersAt(seconds), rows = [];
    timeline.classList.add("on");
    cursor.style.left = `${100 * share}%`;
    let person = null;
    for (const [lane, answer] of found.slice(0, 14)) {
      if (lane.who !== person) rows.push(make("p", "", make("b", "", (person = lane.who) || "whole medium")));
      const tag = make("span", answer.label < 0 ? "soft" : "tag", answer.text);
      tag.style.setProperty("--class", answer.color);
      rows.push(make("div", "", make("span", "soft", lane.name), tag));
    }
    const picture = frames.length ? [make("img", "")] : [];
    if (picture.length) picture[0].src = frames[Math.min(Math.floor(share * frames.length), frames.length - 1)].src;
    const line = lines[lineAt(seconds)];
    const words = line ? [make("p", "", `\u201c${line.querySelector(".text").textContent.slice(0, 90)}\u201d`)] : [];
    tip.replaceChildren(make("p", "", make("b", "", clock(seconds))), ...picture, ...rows, ...words);
    // The tip is kept within the page.
    const width = document.documentElement.clientWidth, box = marks.getBoundingClientRect(), half = tip.offsetWidth / 2 + 6;
    const middle = box.left + share * box.width;
    tip.style.left = `${Math.min(Math.max(middle, half), width - half) - middle}px`;
  };
  timeline.addEventListener("pointerleave", () => timeline.classList.remove("on"));
  timeline.addEventListener("pointermove", (event) => {
    const share = shareAt(event);
    if (share < 0 || share > 1) return timeline.classList.remove("on");
    show(share * end);
    if (dragging) jump(share * end);
  });
  timeline.addEventListener("pointerdown", (event) => {
    const share = shareAt(event);
    if (event.button !== 0 || share < 0 || share > 1) return;
    dragging = true;
    jump(share * end);
    show(share * end);
    playhead.focus({ preventScroll: true, focusVisible: false });
    event.preventDefault(); // no selection of text, no dragging of frames
  });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => (dragging = false));
  playhead.addEventListener("blur", () => timeline.classList.remove("on"));
} else {
  place = (seconds) => (drawBoxes(seconds), markLine(seconds));
}

// ---- words
const starts = spans.map(([from]) => from);
function lineAt(seconds) {
  for (let number = before(starts, seconds), left = 8; number >= 0 && left; number--, left--) if (seconds < spans[number][1]) return number;
  return -1;
}
let current = -1;
function markLine(seconds) {
  const number = lineAt(seconds);
  if (number === current) return;
  if (lines[current]) lines[current].classList.remove("here");
  current = number;
  const line = lines[number];
  if (!line) return;
  line.classList.add("here");
  // Only the list scrolls, not the page.
  const list = line.closest("ol"), top = line.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top + line.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - list.clientHeight / 3;
}
lines.forEach((line, number) => {
  // The list is one stop of the tabulator; arrow keys move within it.
  line.tabIndex = number ? -1 : 0;
  line.addEventListener("click", () => jump(spans[number][0] + 0.001, true));
  line.addEventListener("keydown", (event) => {
    const next = lines[number + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
    if (!next) return;
    line.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
    event.preventDefault();
    event.stopPropagation();
  });
});
for (const button of document.querySelectorAll(".jump")) {
  button.addEventListener("click", () => {
    jump(Number(button.dataset.at));
    (document.querySelector(".watch") ?? timeline).scrollIntoView({ block: "start" });
  });
}

// ---- keys, anywhere on the page
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, summary, video, audio")) return;
  const isButton = event.target.closest("button"), far = event.shiftKey ? 10 : 1;
  const next = (times) => times.find((time) => time > now + 0.05);
  if (event.key === " " && player && !isButton) player.paused ? player.play().catch(() => {}) : player.pause();
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") jump(now + (event.key === "ArrowLeft" ? -far : far));
  else if (event.key === "m" && player) player.muted = !player.muted;
  else if (event.key === "w" && next(starts) !== undefined) jump(next(starts) + 0.001);
  else if (event.key === "d" && next(apart.map(([from]) => from)) !== undefined) jump(next(apart.map(([from]) => from)));
  else if (document.activeElement?.matches(".playhead") && event.key === "Home") jump(0);
  else if (document.activeElement?.matches(".playhead") && event.key === "End") jump(end);
  else return;
  if (timeline && timeline.classList.contains("on")) show(now);
  event.preventDefault();
});

// ---- the player
if (player) {
  const notFound = document.querySelector(".not-found");
  const follow = () => {
    now = player.currentTime;
    if (!dragging) place(now);
  };
  for (const name of ["timeupdate", "seeked", "loadeddata"]) player.addEventListener(name, follow);
  if ("requestVideoFrameCallback" in player && overlay) {
    // With each frame that is shown, so that boxes do not lag behind faces.
    const onFrame = (_, facts) => {
      drawBoxes(facts.mediaTime);
      player.requestVideoFrameCallback(onFrame);
    };
    player.requestVideoFrameCallback(onFrame);
  }
  player.addEventListener("error", () => (notFound.hidden = false));
  notFound.querySelector("input").addEventListener("change", (event) => {
    notFound.hidden = true;
    player.src = URL.createObjectURL(event.target.files[0]);
    player.currentTime = now;
  });
}
place(0);
