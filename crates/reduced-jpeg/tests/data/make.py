#!/usr/bin/env python3
"""Makes the files of this folder: JPEG files of a synthetic picture, and beside each what
libjpeg-turbo's djpeg makes of it. Needs numpy, and cjpeg and djpeg of libjpeg-turbo.

`python3 make.py` in this folder. A reference (.ref) is a row of PNM pictures, each with a comment
that says what it is: `luma` the luma in full size, `luma N/8` and `N/8` the luma and the picture at
that scale.
"""
import os
import subprocess
import tempfile

import numpy as np


def picture(width, height):
    """Smooth colours, edges, a disc, fine stripes and noise; all of it moves with the size."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    u, v = x / max(width - 1, 1), y / max(height - 1, 1)
    rgb = np.stack([40 + 180 * u, 60 + 150 * v, 200 - 120 * u * v], axis=-1)
    disc = (u - 0.35) ** 2 + (v - 0.4) ** 2 < 0.06
    rgb[disc] = rgb[disc] * 0.3 + np.array([170, 30, 40])
    bar = (u > 0.72) & (u < 0.8)
    rgb[bar] = [20, 40, 120]
    stripes = (v > 0.75) & (u < 0.6)
    rgb[stripes] += (35 * np.sin(x[stripes] * 0.9))[:, None]
    rng = np.random.default_rng(7)
    rgb += rng.normal(0, 3, (height, width, 1))
    return np.clip(np.round(rgb), 0, 255).astype(np.uint8)


def pnm(pixels):
    kind = b"P6" if pixels.ndim == 3 else b"P5"
    height, width = pixels.shape[:2]
    return kind + b"\n%d %d\n255\n" % (width, height) + pixels.tobytes()


def run(*command, data):
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def labelled(data, label):
    return data[:2] + b"\n# " + label.encode() + data[2:]


SPECTRAL = "0,1,2:0-0,0,0;0:1-5,0,0;2:1-63,0,0;1:1-63,0,0;0:6-63,0,0;"
APART = "0:0-0,0,2;1:0-0,0,1;2:0-0,0,0;0:0-0,2,1;1:0-0,1,0;0:0-0,1,0;0:1-63,0,1;1:1-63,0,0;2:1-63,0,0;0:1-63,1,0;"
DEEP = (
    "0,1,2:0-0,0,3;0:1-2,0,3;0:3-9,0,3;0:10-63,0,3;1:1-63,0,2;2:1-63,0,2;"
    "0,1,2:0-0,3,2;0:1-20,3,2;0:21-63,3,2;0:1-63,2,1;1:1-63,2,1;2:1-63,2,1;"
    "0,1,2:0-0,2,1;0:1-63,1,0;1:1-63,1,0;2:1-63,1,0;0,1,2:0-0,1,0;"
)
SEPARATE = "0;1;2;"
PAIR = "0,2;1;"

SIZE = (59, 43)
FILES = {
    # name: (size, arguments of cjpeg, scan script)
    "444": (SIZE, ["-sample", "1x1"], None),
    "422": (SIZE, ["-sample", "2x1"], None),
    "420": (SIZE, ["-sample", "2x2"], None),
    "440": (SIZE, ["-sample", "1x2"], None),
    "411": (SIZE, ["-sample", "4x1"], None),
    "410": (SIZE, ["-sample", "4x2"], None),
    "1x4": (SIZE, ["-sample", "1x4"], None),
    "3x1": (SIZE, ["-sample", "3x1"], None),
    "mixed": (SIZE, ["-sample", "2x2,1x2,2x1"], None),
    "thirds": (SIZE, ["-sample", "3x2,1x2,1x1"], None),
    "grey": (SIZE, ["-grayscale"], None),
    "grey-2x2": (SIZE, ["-grayscale", "-sample", "2x2"], None),
    "quality-12": (SIZE, ["-quality", "12", "-baseline"], None),
    "quality-98": (SIZE, ["-quality", "98", "-sample", "1x1"], None),
    "optimised": (SIZE, ["-optimize"], None),
    "restart-unit": (SIZE, ["-restart", "1B"], None),
    "restart-3": (SIZE, ["-restart", "3B", "-sample", "1x1"], None),
    "restart-row": (SIZE, ["-restart", "1"], None),
    "separate": (SIZE, [], SEPARATE),
    "pair-restart": (SIZE, ["-restart", "2B"], PAIR),
    "progressive-444": (SIZE, ["-progressive", "-sample", "1x1"], None),
    "progressive-420": (SIZE, ["-progressive"], None),
    "progressive-411": (SIZE, ["-progressive", "-sample", "4x1"], None),
    "progressive-grey": (SIZE, ["-progressive", "-grayscale"], None),
    "progressive-restart": (SIZE, ["-progressive", "-restart", "2B"], None),
    "progressive-quality-98": (SIZE, ["-progressive", "-quality", "98", "-sample", "1x1"], None),
    "spectral": (SIZE, ["-progressive"], SPECTRAL),
    "apart": (SIZE, ["-progressive", "-sample", "2x1"], APART),
    "deep": (SIZE, ["-progressive"], DEEP),
}
for width, height in [(1, 1), (2, 1), (7, 9), (8, 8), (9, 7), (16, 16), (17, 33), (31, 5)]:
    FILES[f"size-{width}x{height}"] = ((width, height), [], None)
    FILES[f"progressive-size-{width}x{height}"] = ((width, height), ["-progressive"], None)
for width, height in [(65500, 1), (1, 65500)]:
    FILES[f"size-{width}x{height}"] = ((width, height), ["-quality", "25", "-grayscale"], None)


def main():
    for name, (size, arguments, script) in FILES.items():
        pixels = picture(*size)
        if "-grayscale" in arguments:
            pixels = pixels[:, :, 1]
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as scans:
            if script:
                scans.write(script)
                scans.flush()
                arguments = [*arguments, "-scans", scans.name]
            quality = [] if "-quality" in arguments else ["-quality", "85"]
            jpeg = run("cjpeg", *quality, *arguments, data=pnm(pixels))
        with open(f"{name}.jpg", "wb") as file:
            file.write(jpeg)
        is_long = max(size) > 1000
        reference = b""
        if not is_long:
            luma = run("djpeg", "-grayscale", "-pnm", data=jpeg)
            reference = labelled(luma, "luma")
        for eighths in [1] if is_long else [1, 2, 3, 4]:
            scale = ["-scale", f"{eighths}/8"]
            luma = run("djpeg", *scale, "-grayscale", "-pnm", data=jpeg)
            reference += labelled(luma, f"luma {eighths}/8")
            if not is_long and "-grayscale" not in arguments:
                scaled = run("djpeg", *scale, "-pnm", data=jpeg)
                reference += labelled(scaled, f"{eighths}/8")
        with open(f"{name}.ref", "wb") as file:
            file.write(reference)


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    main()
