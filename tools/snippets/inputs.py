"""Write the files that the runs read: good data, and data that must be refused."""

import pickle

import numpy as np


def frame(m, n):
    """Orthonormal rows without a decomposition: a reflected standard basis."""
    v = np.arange(1.0, n + 1)
    return (np.eye(n) - 2 * np.outer(v, v) / (v @ v))[:m]


def main():
    """Write everything into the current folder."""
    raw = np.array([[1.0, 0.5, 0.0, -0.25], [0.25, -1.0, 0.5, 0.0], [0.5, 0.5, 1.0, 0.75]])
    batches = np.array([[0, 1], [2, 3], [1, 3], [0, 2]] * 100)
    np.save("data.npy", frame(4, 6))
    np.save("start.npy", np.array([0.3, -0.1, 0.2, 0.25, -0.05, 0.1]))
    np.save("wrong_start.npy", np.ones(5))
    np.save("batches.npy", batches)
    np.save("wrong_batches.npy", batches + 2)
    np.savez("several.npz", first=frame(2, 3), second=frame(3, 5))
    np.savetxt("raw.csv", raw, delimiter=",")
    np.savetxt("nan.csv", np.where(raw == 0, np.nan, raw), delimiter=",")
    for name, content in {
        "broken.npy": b"\x93NUMPY is what this is not",
        "pickled.npy": pickle.dumps([1, 2]),
        "text.csv": b"one,two\nthree,four\n",
    }.items():
        with open(name, "wb") as file:
            file.write(content)


if __name__ == "__main__":
    main()
