#!/usr/bin/env python3
"""Makes the ONNX files of the catalogue's entries that have no ready-made file.

    python export_recipes.py sscd-disc-mixup|dinov2-small FOLDER

Writes FOLDER/NAME.onnx and FOLDER/preprocessor_config.json, which `twinlens models add FOLDER/NAME.onnx` reads.
sscd-disc-mixup: weights from dl.fbaipublicfiles.com (MIT, github.com/facebookresearch/sscd-copy-detection).
dinov2-small: weights facebook/dinov2-small from the Hugging Face hub (Apache-2.0)."""
import json
import os
import sys
import urllib.request

import torch

IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
BILINEAR, BICUBIC = 2, 3


def sscd(folder):
    weights = os.path.join(folder, "sscd_disc_mixup.torchscript.pt")
    if not os.path.exists(weights):
        urllib.request.urlretrieve(
            "https://dl.fbaipublicfiles.com/sscd-copy-detection/sscd_disc_mixup.torchscript.pt", weights)
    config = {"size": {"shortest_edge": 288}, "crop_size": 288, "resample": BILINEAR, **IMAGENET}
    return torch.jit.load(weights, map_location="cpu"), 288, config


def dinov2(folder):
    from transformers import AutoModel

    class FirstToken(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained("facebook/dinov2-small", attn_implementation="eager")

        def forward(self, pixel_values):
            return self.model(pixel_values).pooler_output

    config = {"size": {"shortest_edge": 256}, "crop_size": 224, "resample": BICUBIC, **IMAGENET}
    return FirstToken(), 224, config


def main():
    name, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    model, side, config = {"sscd-disc-mixup": sscd, "dinov2-small": dinov2}[name](folder)
    torch.onnx.export(
        model.eval(), (torch.zeros(1, 3, side, side),), os.path.join(folder, name + ".onnx"), dynamo=False,
        opset_version=17, input_names=["pixel_values"], output_names=["image_embeds"],
        dynamic_axes={"pixel_values": {0: "batch"}, "image_embeds": {0: "batch"}})
    with open(os.path.join(folder, "preprocessor_config.json"), "w") as f:
        json.dump(config, f, indent=1)


if __name__ == "__main__":
    main()
