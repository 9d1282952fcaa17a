// Cursors over timelines: scores of the moment under the pointer, and jumps to it. The page can be read without scripts.
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
const line = (name, value, color) => {
  const left = make("span", "tag", name);
  left.style.setProperty("--class", color);
  return make("div", "", left, make("b", "", value));
};
const heading = (name, more) => make("p", "", make("b", "", name), more);
const withCursor = (timeline) => {
  const marks = timeline.querySelector(".marks"), tip = make("div", "tip"), cursor = make("div", "cursor", tip);
  marks.append(cursor);
  timeline.addEventListener("pointerleave", () => timeline.classList.remove("on"));
  const shareAt = (event) => {
    const box = marks.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  return { marks, cursor, tip, shareAt };
};

for (const timeline of document.querySelectorAll(".timeline[data-moments]")) {
  const { start, end, labels, colors, moments } = JSON.parse(timeline.dataset.moments);
  const { cursor, tip, shareAt } = withCursor(timeline);
  const most = Math.max(...moments.map((moment) => moment[2])) || 1;
  let shown = -1;

  const show = (event) => {
    const share = shareAt(event), time = start + share * (end - start);
    const number = moments.findIndex(([from, to]) => time >= from && time < to);
    timeline.classList.toggle("on", share >= 0 && share <= 1 && number >= 0);
    if (number < 0) return;
    cursor.style.left = `${100 * share}%`;
    tip.classList.toggle("flip", share > 0.5);
    if (number === shown) return;
    shown = number;
    const [from, to, attention, scores] = moments[number];
    const ranked = scores.map((score, index) => [score, index]).sort((one, other) => other[0] - one[0]);
    const rows = ranked.slice(0, 4).map(([score, index]) => line(labels[index], `${Math.round(100 * score)} %`, colors[index]));
    const span = heading(`${clock(from)} to ${clock(to)}`, ` \u00b7 attention ${Math.round((100 * attention) / most)} %`);
    tip.replaceChildren(span, ...rows);
  };
  timeline.addEventListener("pointermove", show);
  timeline.addEventListener("pointerdown", show);
}

// The timeline of a localization answer has a playhead that can be moved; the clip's player follows it.
for (const timeline of document.querySelectorAll(".timeline[data-segments]")) {
  const { start, end, labels, colors, edges, curves, segments } = JSON.parse(timeline.dataset.segments);
  const { marks, cursor, tip, shareAt } = withCursor(timeline);
  const clip = timeline.closest(".clip"), player = clip.querySelector("video, audio");
  const entries = [...clip.querySelectorAll(".segments button")], frames = [...timeline.querySelectorAll(".strip img")];
  const playhead = make("div", "playhead");
  const shareOf = (time) => Math.min(Math.max((time - start) / (end - start), 0), 1);
  const inside = (time) => segments.filter(([from, to]) => time >= from && time < to);
  const scoresAt = (time) => {
    const bin = Math.min(edges.findLastIndex((edge) => edge <= time), edges.length - 2);
    const scores = bin < 0 ? [] : curves.map((curve, index) => [curve[bin], index]);
    return scores.sort((one, other) => other[0] - one[0]).slice(0, 4);
  };
  let now = start, dragging = false;

  const show = (time) => {
    const share = shareOf(time);
    timeline.classList.add("on");
    cursor.style.left = `${100 * share}%`;
    const rows = scoresAt(time).map(([score, index]) => line(labels[index], `${score} %`, colors[index]));
    const shown = inside(time).slice(0, 3).map(([from, to, , name]) => heading(name, ` \u00b7 ${clock(from)} to ${clock(to)}`));
    const picture = frames.length ? [make("img", "")] : [];
    if (picture.length) picture[0].src = frames[Math.min(Math.floor(share * frames.length), frames.length - 1)].src;
    tip.replaceChildren(heading(clock(time), ""), ...picture, ...rows, ...shown);
    // The tip is kept within the page.
    const width = document.documentElement.clientWidth, box = marks.getBoundingClientRect(), half = tip.offsetWidth / 2 + 6;
    const middle = box.left + share * box.width;
    tip.style.left = `${Math.min(Math.max(middle, half), width - half) - middle}px`;
  };
  const place = (time) => {
    now = Math.min(Math.max(time, start), end);
    playhead.style.left = `${100 * shareOf(now)}%`;
    playhead.setAttribute("aria-valuenow", now.toFixed(1));
    const scores = scoresAt(now).map(([score, index]) => `${labels[index]} ${score} %`);
    const segmentsHere = inside(now).map(([from, to, , name]) => `in ${name} from ${clock(from)} to ${clock(to)}`);
    playhead.setAttribute("aria-valuetext", [clock(now), ...scores, ...segmentsHere].join(", "));
    entries.forEach((entry, number) => entry.classList.toggle("here", segments[number][0] <= now && now < segments[number][1]));
  };
  const jump = (time) => {
    place(time);
    if (!player) return;
    player.preload = "auto"; // the frame of this moment is needed now
    player.currentTime = now;
  };

  for (const bar of timeline.querySelectorAll("[title]")) {
    bar.setAttribute("aria-label", bar.title);
    bar.removeAttribute("title"); // the tip shows the same
  }
  for (const [name, value] of Object.entries({ role: "slider", tabindex: 0, "aria-label": "position in the clip", "aria-valuemin": start, "aria-valuemax": end })) {
    playhead.setAttribute(name, value);
  }
  marks.append(playhead);
  place(segments.length ? segments[0][0] : start);
  if (player) player.currentTime = now;

  timeline.addEventListener("pointermove", (event) => {
    const share = shareAt(event);
    if (share < 0 || share > 1) return timeline.classList.remove("on");
    show(start + share * (end - start));
    if (dragging) jump(start + share * (end - start));
  });
  timeline.addEventListener("pointerdown", (event) => {
    const share = shareAt(event);
    if (event.button !== 0 || share < 0 || share > 1) return;
    dragging = true;
    show(start + share * (end - start));
    jump(start + share * (end - start));
    playhead.focus({ preventScroll: true, focusVisible: false });
    event.preventDefault(); // no selection of text, no dragging of frames
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (dragging = false));
  playhead.addEventListener("keydown", (event) => {
    const large = Math.max((end - start) / 20, 1);
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -large, PageUp: large, Home: -Infinity, End: Infinity };
    if (event.key === " " && player) player.paused ? player.play() : player.pause();
    else if (event.key in steps) jump(now + steps[event.key]), show(now);
    else return;
    event.preventDefault();
  });
  playhead.addEventListener("blur", () => timeline.classList.remove("on"));

  // The list is one stop of the tabulator; arrow keys move within it.
  entries.forEach((entry, number) => {
    entry.tabIndex = number ? -1 : 0;
    entry.addEventListener("click", () => {
      jump(Number(entry.dataset.at));
      if (player) player.play().catch(() => {}); // the "error" event below reports it
    });
    entry.addEventListener("keydown", (event) => {
      const next = entries[number + ({ ArrowDown: 1, ArrowUp: -1 }[event.key] ?? NaN)];
      if (!next) return;
      entry.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
      event.preventDefault();
    });
  });

  if (player) {
    const notFound = clip.querySelector(".not-found");
    player.addEventListener("timeupdate", () => dragging || place(player.currentTime));
    player.addEventListener("error", () => (notFound.hidden = false));
    notFound.querySelector("input").addEventListener("change", (event) => {
      notFound.hidden = true;
      player.src = URL.createObjectURL(event.target.files[0]);
      player.currentTime = now;
    });
  }
}
