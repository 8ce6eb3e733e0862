#!/usr/bin/env python3
"""Makes an ONNX model for normalised pictures take 8-bit pixels: a quarter of the bytes on the wire.

    pip install onnx
    uint8_input.py IN.onnx OUT.onnx [--clip | --imagenet | --mean R G B --std R G B]

IN takes f32 [N,3,H,W], OUT takes u8 [N,H,W,3] named `image` and does the same."""

import argparse

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

KNOWN = {
    "clip": ([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]),
    "imagenet": ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
parser.add_argument("source")
parser.add_argument("target")
parser.add_argument("--clip", dest="known", action="store_const", const="clip")
parser.add_argument("--imagenet", dest="known", action="store_const", const="imagenet")
parser.add_argument("--mean", type=float, nargs=3)
parser.add_argument("--std", type=float, nargs=3)
args = parser.parse_args()
mean, std = KNOWN[args.known] if args.known else (args.mean, args.std)
if mean is None or std is None:
    parser.error("name a normalisation: --clip, --imagenet, or --mean and --std")

model = onnx.load(args.source)
graph = model.graph
old = graph.input[0]
_, channels, height, width = [d.dim_value or d.dim_param for d in old.type.tensor_type.shape.dim]
if channels != 3 or old.type.tensor_type.elem_type != TensorProto.FLOAT:
    parser.error("the model does not take f32 [N,3,H,W]")


def constant(name, values):
    array = np.array(values, np.float32).reshape(1, 3, 1, 1)
    graph.initializer.append(numpy_helper.from_array(array, name))
    return name


constant("u8_mean", [255 * m for m in mean])
constant("u8_std", [255 * s for s in std])
nodes = [
    helper.make_node("Cast", ["image"], ["u8_cast"], to=TensorProto.FLOAT),
    helper.make_node("Transpose", ["u8_cast"], ["u8_planes"], perm=[0, 3, 1, 2]),
    helper.make_node("Sub", ["u8_planes", "u8_mean"], ["u8_centred"]),
    helper.make_node("Div", ["u8_centred", "u8_std"], [old.name]),
]
body = list(graph.node)
del graph.node[:]
graph.node.extend(nodes + body)
del graph.input[0]
graph.input.insert(0, helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", height, width, 3]))
onnx.checker.check_model(model)
onnx.save(model, args.target)
