"""The load generator of tritonclient, NVIDIA's own client, for benches/remote.rs.

Reads lines `http|grpc URL MODEL DATATYPE BATCH WORKERS SECONDS`; answers each with pictures a second.
Each worker has a client of its own and sends one and the same batch again and again."""

import sys
import threading
import time

import numpy as np
import tritonclient.grpc
import tritonclient.http

TYPES = {"FP32": np.float32, "UINT8": np.uint8}


def worker(module, url, model, datatype, batch, seconds, counts, index, barrier):
    client = module.InferenceServerClient(url)
    shape = [batch, 224, 224, 3] if datatype == "UINT8" else [batch, 3, 224, 224]
    data = (np.arange(np.prod(shape)) % 251).astype(TYPES[datatype]).reshape(shape)
    outputs = [module.InferRequestedOutput("embedding")]

    def once():
        tensor = module.InferInput("image", shape, datatype)
        tensor.set_data_from_numpy(data)
        client.infer(model, [tensor], outputs=outputs).as_numpy("embedding")

    once()
    barrier.wait()
    begun = time.monotonic()
    count = 0
    while time.monotonic() - begun < seconds:
        once()
        count += batch
    counts[index] = count / (time.monotonic() - begun)


for line in sys.stdin:
    protocol, url, model, datatype, batch, workers, seconds = line.split()
    module = tritonclient.http if protocol == "http" else tritonclient.grpc
    counts = [0.0] * int(workers)
    barrier = threading.Barrier(int(workers))
    threads = [
        threading.Thread(
            target=worker,
            args=(module, url, model, datatype, int(batch), float(seconds), counts, i, barrier),
        )
        for i in range(int(workers))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sum(counts), flush=True)
