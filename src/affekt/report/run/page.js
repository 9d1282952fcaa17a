// Animates the walks: an orthographic view of joint positions, rotated about the vertical, above a moving ground.
(() => {
  const movements = JSON.parse(document.getElementById("movements").textContent);
  const articles = [...document.querySelectorAll(".walk")];
  const TILT = 0.16, TRAIL = 9, HEAD = 0.052; // radians; frames; heights
  let turn = 1.05, shown = 0, time = 0, last = null, colors = {};
  let playing = !matchMedia("(prefers-reduced-motion: reduce)").matches, slow = false;

  function readColors() {
    const style = getComputedStyle(articles[shown]);
    for (const name of ["ink", "soft", "line", "card", "class"]) colors[name] = resolve(style, name);
  }
  // A custom property may refer to another one (--class: var(--c1)); a probe element gives the final colour.
  function resolve(style, name) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    articles[shown].append(probe);
    const color = getComputedStyle(probe).color;
    probe.remove();
    return color;
  }

  // Position of joint v at a fractional frame; the last frame is followed by the first.
  function joint(move, v, frame) {
    const count = move.frames.length / (3 * move.joints), at = ((frame % count) + count) % count;
    const before = Math.floor(at), share = at - before, after = (before + 1) % count;
    const a = 3 * (before * move.joints + v), b = 3 * (after * move.joints + v);
    return [0, 1, 2].map(i => ((1 - share) * move.frames[a + i] + share * move.frames[b + i]) / 1000);
  }

  function draw() {
    const canvas = articles[shown].querySelector("canvas"), move = movements[shown];
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const pen = canvas.getContext("2d"), scale = 0.72 * height;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineJoin = "round";
    const sin = Math.sin(turn), cos = Math.cos(turn);
    const place = ([x, y, z]) => {
      const depth = z * cos - x * sin; // towards the viewer
      return [width / 2 + scale * (x * cos + z * sin),
              0.83 * height - scale * (y * Math.cos(TILT) - depth * Math.sin(TILT)), depth];
    };
    const frame = time * move.rate;
    ground(pen, place, (frame * move.pace) % 0.2, scale);

    for (const v of move.trails) {
      let from = place(joint(move, v, frame - TRAIL));
      for (let i = TRAIL - 0.5; i >= 0; i -= 0.5) {
        const to = place(joint(move, v, frame - i));
        stroke(pen, [from, to], colors.class, 0.013 * scale, 0.6 * (1 - i / TRAIL) ** 1.4, "butt");
        from = to;
      }
    }
    const parts = move.limbs.map(limb => {
      const points = limb.joints.map(v => place(joint(move, v, frame)));
      return {limb, points, depth: points.reduce((sum, p) => sum + p[2], 0) / points.length};
    }).sort((one, other) => one.depth - other.depth);
    if (move.torso.length === 4) {
      pen.beginPath();
      move.torso.map(v => place(joint(move, v, frame))).forEach(p => pen.lineTo(p[0], p[1]));
      pen.closePath();
      pen.globalAlpha = 0.09;
      pen.fillStyle = colors.ink;
      pen.fill();
      pen.globalAlpha = 1;
    }
    for (const {limb, points} of parts) {
      // A margin in the background colour separates a limb from those behind it.
      stroke(pen, points, colors.card, 0.034 * scale, 1, "butt");
      // Hip and shoulder determine the far side, because a hand may be in front of the body.
      const near = limb.side === "middle" ? 1 : Math.min(1, Math.max(0, 0.5 + 9 * points[1][2]));
      stroke(pen, points, colors.ink, 0.021 * scale, 0.45 + 0.55 * near);
    }
    if (move.head >= 0) {
      const [x, y] = place(joint(move, move.head, frame));
      pen.beginPath();
      pen.arc(x, y, HEAD * scale, 0, 2 * Math.PI);
      pen.fillStyle = colors.ink;
      pen.fill();
    }
  }

  function ground(pen, place, offset, scale) {
    const REACH = 0.95, HALF = 0.3;
    for (let z = -REACH - offset; z < REACH; z += 0.2) {
      if (z < -REACH) continue;
      const fade = Math.max(0, 1 - Math.abs(z / REACH) ** 2);
      stroke(pen, [place([-HALF, 0, z]), place([HALF, 0, z])], colors.soft, 1, 0.5 * fade);
    }
    const [x, y] = place([0, 0, 0]);
    pen.save();
    pen.translate(x, y);
    pen.scale(1, Math.sin(TILT) * 1.3);
    const shade = pen.createRadialGradient(0, 0, 0, 0, 0, 0.28 * scale);
    shade.addColorStop(0, colors.soft);
    shade.addColorStop(1, "transparent");
    pen.globalAlpha = 0.28;
    pen.fillStyle = shade;
    pen.beginPath();
    pen.arc(0, 0, 0.28 * scale, 0, 2 * Math.PI);
    pen.fill();
    pen.restore();
  }

  function stroke(pen, points, color, width, alpha, cap = "round") {
    pen.globalAlpha = alpha;
    pen.lineCap = cap;
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.beginPath();
    points.forEach(p => pen.lineTo(p[0], p[1]));
    pen.stroke();
    pen.globalAlpha = 1;
  }

  function step(now) {
    if (last !== null && playing) time += Math.min((now - last) / 1000, 0.1) * (slow ? 0.3 : 1);
    last = now;
    draw();
    requestAnimationFrame(step);
  }

  function show(index) {
    shown = index;
    time = 0;
    articles.forEach((article, i) => article.classList.toggle("shown", i === index));
    readColors();
  }

  function label() {
    for (const article of articles) {
      const play = article.querySelector(".play"), pace = article.querySelector(".slow");
      play.textContent = playing ? "pause" : "play";
      play.setAttribute("aria-pressed", playing);
      pace.setAttribute("aria-pressed", slow);
    }
  }

  for (const choice of document.querySelectorAll(".chooser input"))
    choice.addEventListener("change", () => show(Number(choice.value)));
  for (const article of articles) {
    const canvas = article.querySelector("canvas");
    canvas.addEventListener("pointerdown", event => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", event => {
      if (event.buttons) turn += event.movementX * 0.01;
    });
    article.querySelector(".play").addEventListener("click", () => { playing = !playing; label(); });
    article.querySelector(".slow").addEventListener("click", () => { slow = !slow; label(); });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", readColors);
  const chosen = document.querySelector(".chooser input:checked");
  show(chosen ? Number(chosen.value) : 0);
  label();
  step(performance.now()); // the first frame at once: a browser may delay animation frames
})();
