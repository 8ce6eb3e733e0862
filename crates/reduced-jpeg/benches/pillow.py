"""The other side of `cargo bench --bench decode`: libjpeg-turbo, as Pillow's draft mode calls it.

`pillow.py make FOLDER` writes pictures of 12 megapixels with the spectrum of photographs; `pillow.py
time` reads lines "EIGHTHS FILE" and answers each with the CPU milliseconds of a decoding to RGB.
"""
import io
import os
import sys
import time

from PIL import Image, features


def make(folder):
    import numpy as np

    width, height = 4032, 3024
    rng = np.random.default_rng(12)
    frequencies = np.hypot(
        np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None, :] * width
    )
    frequencies[0, 0] = 1.0

    def plane(power, contrast):
        # Amplitudes of photographs fall with the frequency (Field, 1987).
        spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequencies**power
        values = np.fft.irfft2(spectrum, (height, width))
        return values / values.std() * contrast

    luma = 120 + plane(1.15, 45) + rng.normal(0, 1.5, (height, width))
    ycc = np.stack([luma, 128 + plane(1.4, 14), 128 + plane(1.4, 14)], axis=-1)
    image = Image.fromarray(np.clip(ycc, 0, 255).astype(np.uint8), "YCbCr").convert("RGB")
    for name, options in {
        "baseline-420": {"subsampling": 2},
        "baseline-422": {"subsampling": 1},
        "baseline-444": {"subsampling": 0},
        "optimised-420": {"subsampling": 2, "optimize": True},
        "progressive-420": {"subsampling": 2, "progressive": True},
    }.items():
        image.save(os.path.join(folder, name + ".jpg"), quality=90, **options)


def timed():
    print("libjpeg-turbo", features.version("libjpeg_turbo"), flush=True)
    files = {}
    for line in sys.stdin:
        eighths, path = line.rstrip("\n").split(" ", 1)
        if path not in files:
            with open(path, "rb") as file:
                files[path] = file.read()
        begun = time.thread_time()
        image = Image.open(io.BytesIO(files[path]))
        width, height = image.size
        image.draft("RGB", (width * int(eighths) // 8, height * int(eighths) // 8))
        image.load()
        elapsed = time.thread_time() - begun
        print(elapsed * 1000, image.width, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(sys.argv[2])
    else:
        timed()
