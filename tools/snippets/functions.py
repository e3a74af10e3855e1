"""Public functions about the model, on small data."""

import itertools

import numpy as np
from shown import show

import whichmin
from whichmin import core

DATA = np.load("data.npy")
START = np.load("start.npy")
RAW = np.loadtxt("raw.csv", delimiter=",")
ACTIVATIONS = ("linear", "relu")
SAMPLINGS = ("without-replacement", "with-replacement", "reshuffled", "cyclic")
ENGINES = ("autograd", "compiled", "dense", "reduced")
CURVATURE = (
    "hessian", "hessian_spectrum", "hessian_trace", "top_eigenvalue", "noise_scales",
)  # fmt: skip
FIRST = (
    "loss", "gradient", "gradient_covariance", "covariance_spectrum", "covariance_trace",
    "plain_autograd_hessian",
)  # fmt: skip
expressions = {}
for name, activation in itertools.product(FIRST, ACTIVATIONS):
    expressions[f"{name} {activation}"] = lambda f=name, a=activation: getattr(core, f)(
        START, DATA, activation=a
    )
for name, activation, kink in itertools.product(CURVATURE, ACTIVATIONS, whichmin.Kink):
    expressions[f"{name} {activation} {kink.name}"] = lambda f=name, a=activation, k=kink: getattr(
        core, f
    )(DATA[0], DATA, activation=a, kink=k)
for sampling, size in itertools.product(SAMPLINGS, (1, 2)):
    stream = core.make_stream(4, size, sampling=sampling, seed=3)
    at = f"{sampling} {size}"
    expressions |= {
        f"indices {at}": lambda s=stream: s.indices(0, 20, (0, 1)),
        f"rates {at}": lambda s=stream: core.rates(s, 0.1),
        f"factor {at}": lambda s=sampling, b=size: core.sampling_factor(4, b, s),
        f"predict {at}": lambda s=sampling, b=size: whichmin.predict(START, DATA, b, sampling=s),
    }
for engine, activation, dtype in itertools.product(ENGINES, ACTIVATIONS, ("float64", "float32")):
    expressions[f"train {engine} {activation} {dtype}"] = lambda e=engine, a=activation, d=dtype: (
        whichmin.train(DATA, START, engine=e, activation=a, dtype=d, batch_size=2, max_steps=50)
    )
runs = {"batch_size": 1, "step_size": [0.2] * 15 + [0.3] * 15, "replicas": 30, "seed": 5}
recorded = {"batch_size": 1, "max_steps": 40, "record_at": 10}
expressions |= {
    "predict full": lambda: whichmin.predict(START, DATA, None, 0.2),
    "ensemble": lambda: whichmin.ensemble(DATA, **runs).cells,
    "trajectory": lambda: whichmin.train(DATA, START, **recorded).trajectory.correlations,
    "noise along": lambda: core.noise_along(whichmin.train(DATA, START, **recorded)),
    "polar": lambda: whichmin.orthonormalise(RAW, "polar"),
    "qr": lambda: whichmin.orthonormalise(RAW, "qr"),
    "whiten": lambda: whichmin.whiten(RAW),
    "frame": lambda: whichmin.random_frame(3, 5, seed=2),
    "start": lambda: whichmin.random_start(5, 2, 0.7, seed=2),
    "basis": lambda: whichmin.standard_basis(2, 3),
    "data": lambda: whichmin.make_data(RAW, handling="polar"),
    "stream version": lambda: core.STREAM_VERSION,
    "load": lambda: whichmin.load_array("several.npz", "second"),
    "images": lambda: whichmin.load_images("digits", 3, seed=1, label=3),
    "table": lambda: whichmin.sharpness_table().tables[0].markdown(),
    "statuses": lambda: {s.label: s.advice for s in whichmin.Status},
    "verify": lambda: [e.check for e in whichmin.verify("batches", examples=1).evidence],
    "pandas": lambda: whichmin.train(DATA, START).to_pandas().to_dict("list"),
    "refusal": lambda: whichmin.train(DATA, START, step_size=0),
    "refusal of data": lambda: whichmin.train(RAW),
}  # fmt: skip
show(expressions)
