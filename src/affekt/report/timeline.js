// A cursor over each timeline that tells what the network made of that moment. The page can be read without it.
for (const timeline of document.querySelectorAll(".timeline[data-moments]")) {
  const { start, end, labels, colors, moments } = JSON.parse(timeline.dataset.moments);
  const marks = timeline.querySelector(".marks");
  const cursor = document.createElement("div");
  cursor.className = "cursor";
  const tip = document.createElement("div");
  tip.className = "tip";
  cursor.append(tip);
  marks.append(cursor);
  const most = Math.max(...moments.map((moment) => moment[2])) || 1;
  let shown = -1;

  const clock = (seconds) => {
    const tenths = Math.round(seconds * 10), whole = Math.floor(tenths / 10);
    const two = (number) => String(number).padStart(2, "0");
    const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
    return (hours ? `${hours}:${two(minutes)}` : minutes) + `:${two(whole % 60)}.${tenths % 10}`;
  };
  const line = (name, value, color) => {
    const row = document.createElement("div"), left = document.createElement("span"), right = document.createElement("b");
    left.className = "tag";
    left.style.setProperty("--class", color);
    left.textContent = name;
    right.textContent = value;
    row.append(left, right);
    return row;
  };
  const show = (event) => {
    const box = marks.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    const time = start + share * (end - start);
    const number = moments.findIndex(([from, to]) => time >= from && time < to);
    timeline.classList.toggle("on", share >= 0 && share <= 1 && number >= 0);
    if (number < 0) return;
    cursor.style.left = `${100 * share}%`;
    tip.classList.toggle("flip", share > 0.5);
    if (number === shown) return;
    shown = number;
    const [from, to, attention, scores] = moments[number];
    const head = document.createElement("p"), span = document.createElement("b");
    span.textContent = `${clock(from)} to ${clock(to)}`;
    head.append(span, ` \u00b7 attention ${Math.round((100 * attention) / most)} %`);
    const ranked = scores.map((score, index) => [score, index]).sort((one, other) => other[0] - one[0]);
    const rows = ranked.slice(0, 4).map(([score, index]) => line(labels[index], `${Math.round(100 * score)} %`, colors[index]));
    tip.replaceChildren(head, ...rows);
  };
  timeline.addEventListener("pointermove", show);
  timeline.addEventListener("pointerdown", show);
  timeline.addEventListener("pointerleave", () => timeline.classList.remove("on"));
}
