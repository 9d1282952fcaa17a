"""Rendering of a face: a lit height map, with hair, eyes, brows and mouth drawn over it.

Lengths are in face coordinates (`affekt.invented.drawn_faces.traits`). All constants were chosen by visual
inspection.
"""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageFilter

from affekt.invented.drawn_faces.canvas import Canvas, Points, Stroke, band, curve, superellipse
from affekt.invented.drawn_faces.traits import Expression, Person, Shot

SKIN = (
    np.array([[236, 208, 194], [220, 184, 164], [190, 150, 128], [142, 106, 88], [92, 68, 58]], float) / 255
)
HAIR = np.array([[24, 20, 20], [58, 38, 28], [104, 70, 44], [168, 128, 78], [176, 172, 168]], float) / 255
IRIS = np.array([[52, 34, 24], [92, 66, 38], [88, 104, 70], [92, 122, 150]], float) / 255
WHITE, TEETH = np.array([0.9, 0.89, 0.87]), np.array([0.93, 0.91, 0.86])
DARK = np.array([0.1, 0.06, 0.06])  # pupils, lashes, the inside of a mouth
LIP = np.array([0.9, 0.6, 0.58])  # factor on the colour of the skin


def paint(
    person: Person, expression: Expression, shot: Shot, size: int, rng: np.random.Generator
) -> np.ndarray:
    """A portrait, uint8 (size, size, 3)."""
    canvas = Canvas(shot, size)
    light = _light(canvas, person, expression)
    skin = _skin(canvas, person, light)
    outline = _outline(person, expression)
    hair = _hair_color(canvas, person, rng)
    _behind(canvas, person, skin, hair)
    canvas.lay(canvas.area(outline, turned=False), skin)
    _beard(canvas, person, outline, hair)
    _folds(canvas, person, expression)
    _nose(canvas, person, expression)
    _mouth(canvas, person, expression, light)
    for side in (-1, 1):
        _eye(canvas, person, expression, side)
    _brows(canvas, person, expression)
    _hair(canvas, person, hair)
    if person.glasses:
        _glasses(canvas, person)
    return _developed(canvas, rng)


def _developed(canvas: Canvas, rng: np.random.Generator) -> np.ndarray:
    """The final picture: white balance, grey pictures, blur of the lens, sensor noise."""
    shot, size = canvas.shot, canvas.size
    canvas.pixels *= 1 + 0.06 * shot.warmth * np.array([1, 0.2, -1])
    if shot.grey:
        canvas.pixels = np.repeat(canvas.pixels @ np.array([[0.299], [0.587], [0.114]]), 3, axis=2)
    lens = Image.fromarray((canvas.pixels.clip(0, 1) * 255).astype(np.uint8))
    pixels = np.asarray(lens.filter(ImageFilter.GaussianBlur(0.004 * size)), float)
    grain = rng.standard_normal((size, size, 1)) * 255 * shot.grain
    return (pixels + grain).round().clip(0, 255).astype(np.uint8)


def _light(canvas: Canvas, person: Person, expression: Expression) -> np.ndarray:
    """Brightness (size, size) of the face: 1 is skin that faces the light."""
    relief = _relief(canvas, person, expression)
    down, right = np.gradient(relief, 2 / canvas.size)
    x, y = canvas.shot.light
    length = math.sqrt(x * x + y * y + 1)
    facing = (1 - x * right - y * down) / (length * np.sqrt(1 + right**2 + down**2))
    diffuse = canvas.shot.ambient + (1.04 - canvas.shot.ambient) * facing.clip(0, 1)
    return diffuse + 0.1 * facing.clip(0, 1) ** 24


def _relief(canvas: Canvas, person: Person, expression: Expression) -> np.ndarray:
    """Height of each pixel above the plane of the ears."""
    x, y = canvas.head[..., 0] / (person.width * 1.04), canvas.head[..., 1] / 1.12
    height = 0.62 * np.sqrt(np.clip(1 - np.abs(x) ** 2.4 - np.abs(y) ** 2.6, 0.02, 1))
    x, y = canvas.face[..., 0], canvas.face[..., 1]
    side = np.abs(x)  # both sides at once
    eye, nose = person.eye_height, person.eye_height + person.nose_length
    brow = eye - person.brow_height
    mouth, broad = person.mouth_height, person.nose_width
    smile = max(expression.cheek, 0)
    bumps = (
        # right, down, wide, tall, height
        (0.0, nose - 0.02, 0.1 * broad, 0.09, 0.14),
        (0.0, (eye + nose) / 2, 0.065 * broad, 0.22, 0.09),
        (0.1 * broad, nose + 0.01, 0.05 * broad, 0.05, 0.05 + 0.02 * expression.flare),
        (person.eye_distance, eye, 0.17, 0.12, -0.07),
        (person.eye_distance, eye, 0.1, 0.075, 0.03),  # the eyeball under its lids
        (person.eye_distance, brow + 0.03, 0.24, 0.06, 0.035),
        (0.4, 0.12 - 0.06 * smile, 0.19, 0.15, 0.05 + 0.07 * smile),
        (0.62, 0.45, 0.14, 0.25, -0.05),
        (0.0, mouth, person.mouth_width, 0.14, 0.05 - 0.02 * expression.press),
        (0.0, mouth + 0.17, 0.16, 0.05, -0.03 * (1 + expression.pout)),
        (0.0, mouth + 0.31 + 0.1 * max(expression.jaw, 0), 0.16, 0.1, 0.06),
        (0.0, nose + 0.13, 0.03, 0.06, -0.015),
    )
    for right, down, wide, tall, amount in bumps:
        height = height + amount * np.exp(-(((side - right) / wide) ** 2) - ((y - down) / tall) ** 2)
    return height


def _skin(canvas: Canvas, person: Person, light: np.ndarray) -> np.ndarray:
    """Colour of the skin at each pixel; cheeks and nose are redder."""
    color = _between(SKIN, person.skin)
    side, y = np.abs(canvas.face[..., 0]), canvas.face[..., 1]
    nose = person.eye_height + person.nose_length
    flush = np.exp(-(((side - 0.4) / 0.2) ** 2) - ((y - 0.16) / 0.18) ** 2)
    flush += 0.6 * np.exp(-((side / 0.12) ** 2) - ((y - nose) / 0.12) ** 2)
    return color * (1 - flush[..., None] * np.array([0.0, 0.09, 0.1])) * light[..., None]


# What is drawn, from back to front


def _behind(canvas: Canvas, person: Person, skin: np.ndarray, hair: np.ndarray) -> None:
    """Backdrop, hair that hangs behind, neck, ears."""
    x, y = canvas.head[..., 0], canvas.head[..., 1]
    backdrop = canvas.shot.backdrop + 0.08 * (x * canvas.shot.light[0] - y)
    canvas.pixels[:] = backdrop[..., None] * np.array([0.95, 0.98, 1.02])
    width = person.width
    if person.long_hair:
        canvas.lay(
            canvas.area(superellipse(0.0, -0.1, width * 1.24, 1.12, 1.5, 2.6), soft=0.02, turned=False),
            0.7 * hair,
        )
    neck = np.array([[-0.5, 0.5], [0.5, 0.5], [0.52, 1.6], [-0.52, 1.6]])
    canvas.lay(canvas.area(neck, soft=0.02, turned=False), 0.62 * skin.mean(axis=(0, 1)))
    if not person.long_hair:
        ears = [superellipse(side * width, 0.0, 0.09, 0.19, 0.19, 2.0) for side in (-1, 1)]
        canvas.lay(canvas.area(*ears, soft=0.01, turned=False), 0.8 * _between(SKIN, person.skin))


def _outline(person: Person, expression: Expression) -> Points:
    """Contour of the head from the crown to the chin."""
    chin = person.mouth_height + 0.45 + 0.13 * max(expression.jaw, 0)
    return superellipse(0.0, -0.02, person.width, 1.12, chin, 1.85 + 0.5 * person.jaw)


def _hair_color(canvas: Canvas, person: Person, rng: np.random.Generator) -> np.ndarray:
    """Colour of hair at each pixel: strands run from the crown."""
    x, y = canvas.head[..., 0], canvas.head[..., 1]
    strand = (np.arctan2(x, y + 1.9) + np.pi) / (2 * np.pi) * 512
    shine = np.convolve(rng.standard_normal(512), [0.25, 0.5, 0.25], mode="same")
    gloss = np.exp(-(((np.hypot(x, y + 0.3) - 0.85) / 0.12) ** 2))
    level = 0.85 + 0.22 * np.interp(strand, np.arange(512), shine) + 0.35 * gloss
    return _between(HAIR, person.hair) * level[..., None]


def _hair(canvas: Canvas, person: Person, hair: np.ndarray) -> None:
    """Hair above the forehead, with its shadow; long hair also falls over the temples."""
    width = person.width
    line = -0.92 + 0.3 * person.hairline
    t = np.linspace(-1, 1, 41)
    parting = 0.12 * (person.jaw - 0.5)
    deep = 0.62 if person.long_hair else 0.4
    front = curve(width * t, line + deep * np.abs(t - parting) ** 3.2)
    reach = 0.85 if person.long_hair else 0.12  # how far down the sides it comes
    inner = 1.0 if person.long_hair else 0.95
    temples = (np.array([[inner, 0.1], [1.28, reach]]), np.array([[-1.28, reach], [-inner, 0.1]]))
    right, left = (side * (width, 1.0) for side in temples)
    cap = superellipse(0.0, -0.05, width * 1.14, 1.3, 0.1, 2.0)
    over = cap[cap[:, 1] < 0.0]
    over = over[np.argsort(over[:, 0])[::-1]]
    shape = np.concatenate([front, right if person.long_hair else right[:1], over,
                            left if person.long_hair else left[1:]])  # fmt: skip
    canvas.tint(canvas.area(shape + np.array([0, 0.04]), soft=0.05, turned=False), 0.72)
    canvas.lay(canvas.area(shape, soft=0.018, turned=False), hair)


def _beard(canvas: Canvas, person: Person, outline: Points, hair: np.ndarray) -> None:
    if not person.beard:
        return
    low = outline[outline[:, 1] > 0.22]
    mouth = person.mouth_height
    t = np.linspace(1, -1, 21)
    cheek = curve(t * person.width * 0.93, mouth - 0.16 + 0.1 * (1 - t**2) - 0.12 * t**6)
    order = np.argsort(np.arctan2(low[:, 1], low[:, 0]))
    shape = np.concatenate([low[order], cheek[::-1]])
    canvas.lay(canvas.area(shape, soft=0.05) * (0.65 * person.beard), 0.8 * hair)


def _folds(canvas: Canvas, person: Person, expression: Expression) -> None:
    """Wrinkles and folds of the skin."""
    eye, brow = person.eye_height, person.eye_height - person.brow_height
    nose, mouth, apart = eye + person.nose_length, person.mouth_height, person.eye_distance
    t = np.linspace(-1, 1, 15)
    raised = max((expression.inner_brow + expression.outer_brow) / 2, 0)
    inner = max(expression.inner_brow, 0) - max(expression.outer_brow, 0)
    lines: list[Stroke] = []
    for step in range(3):
        wide = 0.42 - 0.22 * np.clip(inner, 0, 1)
        forehead = curve(wide * t, brow - 0.13 - 0.085 * step + 0.03 * t**2)
        lines.append(Stroke(forehead, 0.018, 0.32 * max(raised, 0.6 * inner)))
    depth = 0.14 + 0.5 * max(expression.fold, 0) + 0.2 * max(expression.upper_lip, 0)
    for side in (-1, 1):
        s = np.linspace(0, 1, 9)
        out = (
            0.11 + (person.mouth_width * (1 + expression.stretch) - 0.01) * s**0.8 + 0.05 * np.sin(np.pi * s)
        )
        fold = curve(side * out, nose - 0.01 + (mouth - nose) * s)
        lines.append(Stroke(fold, 0.03, depth))
        frown = np.array([[side * 0.05, brow - 0.09], [side * 0.035, brow + 0.06]])
        lines.append(Stroke(frown, 0.022, 0.55 * max(expression.together, 0)))
        for step in range(3):
            bridge = np.array(
                [[side * 0.03, eye - 0.03 + 0.07 * step], [side * 0.11, eye - 0.07 + 0.07 * step]]
            )
            lines.append(Stroke(bridge, 0.02, 0.55 * max(expression.wrinkle, 0)))
        bag = curve(side * (apart + 0.16 * t), eye + 0.13 - 0.02 * expression.squint - 0.03 * t**2)
        lines.append(Stroke(bag, 0.025, 0.1 + 0.28 * max(expression.squint, 0)))
    canvas.tint(canvas.strokes(lines, soft=0.014), np.array([0.62, 0.5, 0.46]))
    for side in (-1, 1):  # shadow of the brow ridge in the corner by the nose
        corner = superellipse(side * (apart - 0.17), eye - 0.04, 0.08, 0.09, 0.1, 2.0)
        deep = 0.25 + 0.35 * max(-expression.inner_brow, 0)
        canvas.tint(canvas.area(corner, soft=0.05) * deep, 0.55)


def _nose(canvas: Canvas, person: Person, expression: Expression) -> None:
    """Nostrils, and the shadow under the tip."""
    low = person.eye_height + person.nose_length + 0.05 - 0.04 * max(expression.wrinkle, 0)
    apart = 0.065 * person.nose_width * (1 + 0.3 * expression.flare)
    shadow = superellipse(0.0, low + 0.01, 0.15 * person.nose_width, 0.03, 0.05, 2.0)
    canvas.tint(canvas.area(shadow, soft=0.025) * 0.5, np.array([0.55, 0.45, 0.42]))
    nostrils = [
        superellipse(side * apart, low, 0.034 * (1 + 0.3 * expression.flare), 0.016, 0.018, 2.0)
        for side in (-1, 1)
    ]
    canvas.tint(canvas.area(*nostrils, soft=0.008), 0.25)
    t = np.linspace(0, 1, 7)
    wings = [
        Stroke(
            curve(side * (0.12 + 0.035 * np.sin(np.pi * t)) * person.nose_width, low - 0.1 + 0.11 * t),
            0.018,
            0.4 + 0.2 * expression.flare,
        )
        for side in (-1, 1)
    ]
    canvas.tint(canvas.strokes(wings, soft=0.012), np.array([0.55, 0.45, 0.42]))


def _mouth(canvas: Canvas, person: Person, expression: Expression, light: np.ndarray) -> None:
    """Lips, and teeth and tongue between them."""
    t = np.linspace(-1, 1, 31)
    half = person.mouth_width * (1 + expression.stretch)
    jaw, lift = max(expression.jaw, 0), 0.044 * expression.upper_lip
    x = half * t
    # Corners go up or down; the middle stays, or follows a little.
    middle = person.mouth_height - 0.12 * expression.corner * (np.abs(t) ** 1.8 - 0.35)
    arch = np.sqrt(np.clip(1 - t**2, 0, 1)) if expression.oval > 0.5 else None
    power = 2 + 3 * max(expression.square, 0)
    open_shape = arch if arch is not None else 1 - np.abs(t) ** power
    top = middle - (lift + 0.05 * jaw * (1 + expression.oval)) * open_shape
    bottom = middle + 0.24 * jaw * open_shape
    full = person.lips * (1 - 0.65 * np.clip(expression.press, 0, 1)) * (1 - 0.12 * abs(expression.stretch))
    bow = 1 - np.abs(t) ** 2.4
    cupid = 1 - 0.28 * np.exp(-((t / 0.14) ** 2))
    upper = top - 0.058 * full * bow * cupid * (1 - 0.15 * max(expression.corner, 0)) - 0.004
    lower = bottom + 0.085 * full * (1 + 0.3 * expression.pout) * (1 - np.abs(t) ** 2.2) + 0.004

    beneath = superellipse(0.0, lower.max() + 0.03, half * 0.6, 0.02, 0.035, 2.0)
    canvas.tint(canvas.area(beneath, soft=0.03) * (0.4 + 0.25 * max(expression.pout, 0)), 0.6)
    canvas.tint(canvas.area(band(x, upper, top), soft=0.01), LIP * 0.86)
    canvas.tint(canvas.area(band(x, bottom, lower), soft=0.01), LIP)
    gloss = superellipse(0.0, float(bottom[15]) + 0.04 * full, half * 0.4, 0.012, 0.014, 2.0)
    canvas.lay(canvas.area(gloss, soft=0.012) * 0.16, np.ones(3))
    gap = np.maximum(bottom - top, 0)
    if gap.max() > 0.025:
        inside = canvas.area(band(x, top, bottom))
        canvas.lay(inside, DARK * 1.3)
        tongue = superellipse(0.0, float(bottom.max()), half * 0.6, 0.3 * float(gap.max()), 0.02, 2.0)
        canvas.lay(canvas.area(tongue, soft=0.02) * inside * 0.7, np.array([0.5, 0.24, 0.24]))
        seen = float(np.clip(expression.teeth, 0, 1))
        if seen > 0.1:
            edge = top + np.minimum(gap * 0.8, 0.03 + 0.07 * seen)
            teeth = canvas.area(band(x, top, edge), soft=0.004)
            if expression.square > 0.6:
                teeth = np.maximum(
                    teeth, canvas.area(band(x, bottom - gap * 0.22, bottom), soft=0.004) * 0.85
                )
            canvas.lay(teeth * inside, TEETH * (0.55 + 0.4 * light.mean()))
    else:
        line = curve(x * 0.99, (top + bottom) / 2)
        canvas.tint(canvas.strokes([Stroke(line, 0.02, 0.85)], soft=0.006), np.array([0.4, 0.28, 0.28]))
    deep = 0.35 + 0.3 * abs(expression.corner)
    corners = [superellipse(side * half, float(middle[0]), 0.03, 0.025, 0.025, 2.0) for side in (-1, 1)]
    canvas.tint(canvas.area(*corners, soft=0.018) * deep, 0.45)


def _eye(canvas: Canvas, person: Person, expression: Expression, side: int) -> None:
    x, y, size = side * person.eye_distance, person.eye_height, person.eye_size
    t = np.linspace(-1, 1, 25)
    half = 0.162 * size
    opened = 0.078 * size * max(1 + 0.55 * expression.lid - 0.15 * expression.squint, 0.25)
    raised = 0.056 * size * max(1 + 0.25 * max(expression.lid, 0) - 0.85 * max(expression.squint, 0), 0.05)
    across = x + half * t
    tilt = -0.012 * side * t  # outer corners lie a little higher
    lid = y + tilt - opened * (1 - np.abs(t) ** 2.2)
    under = y + tilt + raised * (1 - np.abs(t) ** 2.4)
    lens = band(across, lid, under)
    seen = canvas.area(lens)
    canvas.lay(seen, WHITE * (0.62 + 0.3 * canvas.shot.ambient))
    gaze = x + 0.1 * canvas.shot.turn
    round_iris = canvas.area(superellipse(gaze, y - 0.012, 0.07 * size, 0.07 * size, 0.07 * size, 2.0))
    iris = _between(IRIS, person.iris if person.skin < 0.6 else 0.1)
    canvas.lay(round_iris * seen, iris)
    ring = round_iris - canvas.area(superellipse(gaze, y - 0.012, 0.055, 0.055, 0.055, 2.0))
    canvas.tint(ring.clip(0, 1) * seen * 0.6, 0.4)
    canvas.lay(canvas.area(superellipse(gaze, y - 0.012, 0.03, 0.03, 0.03, 2.0)) * seen, DARK * 0.5)
    canvas.tint(canvas.strokes([Stroke(curve(across, lid + 0.012), 0.04, 0.6)], soft=0.012) * seen, 0.4)
    spark = superellipse(gaze + 0.022 * np.sign(canvas.shot.light[0]), y - 0.034, 0.014, 0.014, 0.014, 2.0)
    canvas.lay(canvas.area(spark) * seen * 0.9, np.ones(3))
    crease = curve(across, lid - 0.035 - 0.012 * max(expression.lid, 0))
    canvas.tint(canvas.strokes([Stroke(crease, 0.02, 0.5)], soft=0.014), np.array([0.55, 0.45, 0.42]))
    lashes = [
        Stroke(curve(across, lid), 0.026, 0.9),
        Stroke(curve(across, under), 0.012, 0.4),
    ]
    canvas.tint(canvas.strokes(lashes, soft=0.005), 0.22)


def _brows(canvas: Canvas, person: Person, expression: Expression) -> None:
    s = np.linspace(0, 1, 13)  # from the nose outwards
    brow = person.eye_height - person.brow_height
    inner, outer = 0.1 * expression.inner_brow, 0.1 * expression.outer_brow
    rise = inner * (1 - s) ** 1.5 + outer * s**1.2
    start = person.eye_distance - 0.19 - 0.055 * max(expression.together, 0)
    at = start + (person.eye_distance + 0.23 - start) * s
    center = brow - rise - 0.05 * np.sin(np.pi * (0.2 + 0.65 * s)) + 0.045 + 0.04 * s**3
    thick = (
        0.036 * max(person.brow_thickness, 0.4) * (1 - 0.75 * s**2.5) * (0.75 + 0.5 * np.minimum(3 * s, 0.5))
    )
    outlines = [
        np.concatenate(
            [
                curve(side * at, center - thick),
                curve(side * at, center + thick)[::-1],
            ]
        )
        for side in (-1, 1)
    ]
    color = 0.75 * _between(HAIR, min(person.hair, 0.7))
    canvas.lay(canvas.area(*outlines, soft=0.014) * 0.88, color)


def _glasses(canvas: Canvas, person: Person) -> None:
    x, y, wide = person.eye_distance, person.eye_height + 0.03, 0.24
    rims = [superellipse(side * x, y, wide, 0.17, 0.2, 3.0) for side in (-1, 1)]
    lines = [Stroke(np.concatenate([rim, rim[:1]]), 0.028, 0.9) for rim in rims]
    lines.append(Stroke(np.array([[wide - x, y - 0.04], [0, y - 0.07], [x - wide, y - 0.04]]), 0.028, 0.9))
    lines += [
        Stroke(np.array([[side * (x + wide), y - 0.06], [side * person.width, y - 0.1]]), 0.028, 0.9)
        for side in (-1, 1)
    ]
    canvas.lay(canvas.strokes(lines, soft=0.006), np.array([0.14, 0.12, 0.12]))


def _between(colors: np.ndarray, place: float) -> np.ndarray:
    """Interpolated colour at a position from 0 (first) to 1 (last)."""
    steps = np.linspace(0, 1, len(colors))
    return np.array([np.interp(place, steps, colors[:, channel]) for channel in range(3)])
