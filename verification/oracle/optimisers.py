r"""Optimisers by their recurrences, as PyTorch has them, over any kind of number.

With the gradient g of a batch (its loss as the target declares it), the step size :math:`\eta_t`
with the schedule's factor, and the weight decay :math:`\lambda`:

**sgd** (``torch.optim.SGD``): :math:`g \leftarrow g + \lambda w`; :math:`v \leftarrow g` in the
first step, then :math:`v \leftarrow \mu v + (1 - \tau) g`; :math:`w \leftarrow w - \eta_t d` with
d = v, or :math:`g + \mu v` with Nesterov. **sgdw**: decoupled, :math:`w \leftarrow
(1 - \eta_t \lambda) w` first, nothing added to g.

**adam** (``torch.optim.Adam``): :math:`g \leftarrow g + \lambda w`, :math:`m \leftarrow \beta_1 m
+ (1 - \beta_1) g`, :math:`v \leftarrow \beta_2 v + (1 - \beta_2) g^2`, :math:`w \leftarrow w -
\frac{\eta_t}{1 - \beta_1^{t+1}} \, m / (\sqrt{v / (1 - \beta_2^{t+1})} + \varepsilon)`; with
``amsgrad`` the largest v so far. **adamw**: decoupled decay.

**lars** (You, Gitman & Ginsburg, 2017, for one layer): :math:`v \leftarrow \mu v + \eta_t\, q\,
(g + \lambda w)`, :math:`q = c\, |w| / (|g| + \lambda |w| + \varepsilon)`, :math:`w \leftarrow
w - v`.

**lamb** (You et al., 2020, for one layer): m and v of Adam, :math:`u = \hat m / (\sqrt{\hat v} +
\varepsilon) + \lambda w`, :math:`w \leftarrow w - \eta_t\, (|w| / |u|)\, u`.

Before all of it, g is clipped as by ``torch.nn.utils.clip_grad_value_`` (entries cut to [-c, c])
and ``clip_grad_norm_`` (:math:`g \min(1, c / (|g| + \varepsilon_c))`, :math:`\varepsilon_c`
= 1e-6). What is returned may be an average, as ``torch.optim.swa_utils.AveragedModel`` has it:
the first step's weights, then :math:`a \leftarrow \alpha a + (1 - \alpha) w` (``ema``), or the
mean of the weights after each step (``average``).
"""

from __future__ import annotations

import dataclasses
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from whichmin.errors import InputError
from whichmin.verification.oracle.arithmetic import DIGITS, FLOATS, Arithmetic, slope
from whichmin.verification.oracle.schedules import CONSTANT, Schedule, plain
from whichmin.verification.oracle.validation import check_choice, check_number

__all__ = ["KEYS", "PLAIN", "Optimiser", "State"]

# Vectors by name; ``w`` are the weights.
State = dict[str, Any]

_SHARED = ("clip_norm", "clip_eps", "clip_value", "ema", "average")
_ADAM = ("betas", "eps", "weight_decay", "amsgrad")
#: What each optimiser may be given.
KEYS: dict[str, tuple[str, ...]] = {
    "sgd": ("momentum", "dampening", "nesterov", "weight_decay", *_SHARED),
    "sgdw": ("momentum", "dampening", "nesterov", "weight_decay", *_SHARED),
    "adam": (*_ADAM, *_SHARED),
    "adamw": (*_ADAM, *_SHARED),
    "lars": ("momentum", "weight_decay", "trust_coefficient", "eps", *_SHARED),
    "lamb": ("betas", "eps", "weight_decay", *_SHARED),
}
# PyTorch's defaults; LAMB's of the paper.
_EPS = {"adam": 1e-8, "adamw": 1e-8, "lamb": 1e-6}
_DECAY = {"adamw": 1e-2}
_ZERO = Fraction(0)


@dataclass(frozen=True)
class Optimiser:
    """An optimiser with its parameters, under PyTorch's names.

    Parameters are the float64 values that a target computes with.

    Attributes:
        name: One of ``KEYS``.
        momentum: Of sgd and lars.
        dampening: Of sgd; the first step is not damped.
        nesterov: Of sgd.
        weight_decay: Of all; added to the gradient, or apart from it in sgdw and adamw.
        betas: Of adam and lamb.
        eps: Added to the root, outside it; in lars to the denominator.
        amsgrad: Of adam.
        trust_coefficient: Of lars.
        clip_norm: Largest length of a gradient.
        clip_eps: Added to the length when it is clipped.
        clip_value: Largest entry of a gradient.
        ema: Share of the old average, if a moving average is returned.
        average: Whether the mean of the weights after each step is returned.
        schedule: Factor of the step size.
    """

    name: str = "sgd"
    momentum: Fraction = _ZERO
    dampening: Fraction = _ZERO
    nesterov: bool = False
    weight_decay: Fraction = _ZERO
    betas: tuple[Fraction, Fraction] = (Fraction(0.9), Fraction(0.999))
    eps: Fraction = _ZERO
    amsgrad: bool = False
    trust_coefficient: Fraction = Fraction(0.001)
    clip_norm: Fraction | None = None
    clip_eps: Fraction = Fraction(1e-6)
    clip_value: Fraction | None = None
    ema: Fraction | None = None
    average: bool = False
    schedule: Schedule = CONSTANT

    @classmethod
    def make(cls, name: str = "sgd", schedule: Any = None, **parameters: Any) -> Optimiser:
        """Make an optimiser from plain numbers; see :meth:`parse`."""
        return cls.parse({"name": name, **parameters}, schedule)

    @classmethod
    def parse(cls, declared: Any, schedule: Any = None, argument: str = "optimiser") -> Optimiser:
        """Read a declaration such as ``{"name": "sgd", "momentum": 0.9, "nesterov": True}``.

        Args:
            declared: The mapping; None for plain SGD.
            schedule: Declaration of the schedule, or a schedule; None for a constant step size.
            argument: Its name, for errors.

        Returns:
            The optimiser.

        Raises:
            InputError: It is none, or a parameter is unknown to it or not allowed.
        """
        if declared is None:
            declared = {"name": "sgd"}
        if not isinstance(declared, Mapping) or "name" not in declared:
            raise InputError(argument, declared, f"must be {{'name': one of {tuple(KEYS)}, ...}}")
        name = check_choice(declared["name"], f"{argument}['name']", tuple(KEYS))
        for key in declared:
            if key != "name" and key not in KEYS[name]:
                raise InputError(
                    f"{argument} key", key,
                    f"must be one of those of {name}: {', '.join(('name', *KEYS[name]))}",
                )  # fmt: skip
        given = {**_defaults(name), **declared}
        if not isinstance(schedule, Schedule):
            schedule = CONSTANT if schedule is None else Schedule.parse(schedule)
        read = {k: _read(k, v, f"{argument}[{k!r}]") for k, v in given.items() if k != "name"}
        made = cls(name=name, schedule=schedule, **read)
        if made.nesterov and (made.momentum == 0 or made.dampening != 0):
            raise InputError(
                f"{argument}['nesterov']", True, "must come with momentum and without dampening"
            )
        if made.ema is not None and made.average:
            raise InputError(f"{argument}['average']", True, "must not be given together with ema")
        return made

    @property
    def plain(self) -> bool:
        """Whether it is SGD with nothing on."""
        return self == PLAIN

    @property
    def rational(self) -> bool:
        """Whether its recurrence has no roots, so that fractions follow it."""
        return self.name in {"sgd", "sgdw"} and self.clip_norm is None

    def record(self) -> dict[str, Any]:
        """Return the declaration of what differs from the defaults, without the schedule."""
        default = _defaults(self.name)
        record: dict[str, Any] = {"name": self.name}
        for item in dataclasses.fields(self):
            value = getattr(self, item.name)
            usual = default.get(item.name, item.default)
            if item.name in KEYS[self.name] and value != _read(item.name, usual, item.name):
                record[item.name] = plain(value)
        return record

    def __str__(self) -> str:
        record = self.record()
        told = ", ".join(f"{k} {v}" for k, v in record.items() if k != "name")
        text = f"{self.name} ({told})" if told else self.name
        if self.schedule == CONSTANT:
            return text
        return f"{text} with the schedule {self.schedule}"

    def start(self, w: Any) -> State:
        """Make the state before the first step: the weights, and buffers of zeros.

        Args:
            w: Weights at the start, of any kind of number.

        Returns:
            The state.
        """
        state: State = {"w": w}
        zeros = 0 * w
        if self.momentum:
            state["velocity"] = zeros
        if self.name in {"adam", "adamw", "lamb"}:
            state |= {"mean": zeros, "square": zeros}
        if self.amsgrad:
            state["largest"] = zeros
        if self.ema is not None or self.average:
            state["average"] = w
        return state

    def result(self, state: State) -> Any:
        """Return the weights, or their average, of a state."""
        return state.get("average", state["w"])

    def advance(self, state: State, g: Any, t: int, rate: Any, numbers: Arithmetic) -> State:
        """Take one step.

        Args:
            state: The state before it.
            g: Gradient of the step's batch at ``state["w"]``.
            t: Number of the step, from 0.
            rate: Step size times the schedule's factor of the step, a number of this kind.
            numbers: The kind of number.

        Returns:
            The state after it.
        """
        g = self.clipped(g, numbers)
        if self.name in {"sgd", "sgdw"}:
            new = self._sgd(state, g, t, rate, numbers)
        elif self.name == "lars":
            new = self._lars(state, g, rate, numbers)
        else:
            new = self._adam(state, g, t, rate, numbers)
        if "average" in state:
            new["average"] = self._averaged(state["average"], new["w"], t, numbers)
        return new

    def clipped(self, g: Any, numbers: Arithmetic) -> Any:
        """Clip a gradient, by value and by length."""
        if self.clip_value is not None:
            most = numbers.number(self.clip_value)
            g = -numbers.larger(-numbers.larger(g, -most), -most)
        if self.clip_norm is not None:
            most = numbers.number(self.clip_norm)
            length = numbers.sqrt(g @ g) + numbers.number(self.clip_eps)
            g = (most / numbers.larger(length, most)) * g
        return g

    def decayed(self, w: Any, g: Any, rate: Any, numbers: Arithmetic) -> tuple[Any, Any]:
        """Apply the weight decay: to the weights if it is decoupled, else to the gradient."""
        if not self.weight_decay:
            return w, g
        decay = numbers.number(self.weight_decay)
        if self.name in {"adamw", "sgdw"}:
            return (numbers.number(1) - rate * decay) * w, g
        return w, g + decay * w

    def _sgd(self, state: State, g: Any, t: int, rate: Any, numbers: Arithmetic) -> State:
        w, g = self.decayed(state["w"], g, rate, numbers)
        if not self.momentum:
            return {"w": w - rate * g}
        velocity = self.velocity(state["velocity"], g, t, numbers)
        d = g + numbers.number(self.momentum) * velocity if self.nesterov else velocity
        return {"w": w - rate * d, "velocity": velocity}

    def velocity(self, old: Any, g: Any, t: int, numbers: Arithmetic) -> Any:
        """Compute the momentum buffer of sgd after step t."""
        if t == 0:
            return g
        share = numbers.number(1) - numbers.number(self.dampening)
        return numbers.number(self.momentum) * old + (share * g if self.dampening else g)

    def ratio(self, w: Any, g: Any, numbers: Arithmetic) -> Any:
        """Compute what LARS multiplies the step size by."""
        size = numbers.sqrt(w @ w)
        below = numbers.sqrt(g @ g) + numbers.number(self.weight_decay) * size
        return numbers.number(self.trust_coefficient) * size / (below + numbers.number(self.eps))

    def _lars(self, state: State, g: Any, rate: Any, numbers: Arithmetic) -> State:
        w = state["w"]
        trusted = rate * self.ratio(w, g, numbers)
        move = trusted * (g + numbers.number(self.weight_decay) * w)
        if not self.momentum:
            return {"w": w - move}
        velocity = numbers.number(self.momentum) * state["velocity"] + move
        return {"w": w - velocity, "velocity": velocity}

    def moments(self, state: State, g: Any, t: int, numbers: Arithmetic) -> tuple[State, Any, Any]:
        """Compute Adam's moments, and both divided by their biases."""
        one = numbers.number(1)
        first, second = map(numbers.number, self.betas)
        rest_first, rest_second = (numbers.number(1 - beta) for beta in self.betas)
        new: State = {
            "mean": first * state["mean"] + rest_first * g,
            "square": second * state["square"] + rest_second * (g * g),
        }
        square = new["square"]
        if self.amsgrad:
            new["largest"] = square = numbers.larger(state["largest"], square)
        bias = [one - numbers.power(beta, t + 1) for beta in self.betas]
        return new, new["mean"] / bias[0], square / bias[1]

    def _adam(self, state: State, g: Any, t: int, rate: Any, numbers: Arithmetic) -> State:
        w = state["w"]
        if self.name != "lamb":
            w, g = self.decayed(w, g, rate, numbers)
        new, mean, square = self.moments(state, g, t, numbers)
        move = mean / self.root(square, numbers)
        if self.name == "lamb":
            move = move + numbers.number(self.weight_decay) * w
            rate = rate * numbers.sqrt(w @ w) / numbers.sqrt(move @ move)
        return {"w": w - rate * move, **new}

    def root(self, square: Any, numbers: Arithmetic) -> Any:
        """Compute what Adam divides by."""
        return numbers.sqrt(square) + numbers.number(self.eps)

    def _averaged(self, old: Any, w: Any, t: int, numbers: Arithmetic) -> Any:
        if t == 0:
            return w
        keep = self.ema if self.ema is not None else Fraction(t, t + 1)
        return numbers.number(keep) * old + (numbers.number(1) - numbers.number(keep)) * w

    def states(
        self,
        w0: Any,
        data: Any,
        batches: Sequence[Sequence[int]],
        step_size: Any,
        activation: str,
        factors: Sequence[Any],
        numbers: Arithmetic = FLOATS,
    ) -> list[State]:
        """Compute all states of a run, the one at the start included; see :meth:`path`."""
        points = numbers.array(data)
        with decimal.localcontext(prec=DIGITS):
            states = [self.start(numbers.array(w0))]
            for t, (batch, factor) in enumerate(zip(batches, factors, strict=True)):
                rows, w = points[list(batch)], states[-1]["w"]
                g = slope(w, rows, activation, factor, numbers)
                rate = numbers.number(Fraction(step_size) * self.schedule.factor(t))
                states.append(self.advance(states[-1], g, t, rate, numbers))
        return states

    def path(
        self,
        w0: Any,
        data: Any,
        batches: Sequence[Sequence[int]],
        step_size: Any,
        activation: str,
        factors: Sequence[Any],
        numbers: Arithmetic = FLOATS,
    ) -> list[Any]:
        """Compute what a run returns after 0, 1, 2 ... steps.

        Args:
            w0: Weights at the start: fractions or floats.
            data: Points, ``(m, n)``.
            batches: Rows of each step.
            step_size: Step size, without the schedule.
            activation: ``linear`` or ``relu``.
            factors: Factor of the sum over the batch, for each step.
            numbers: The kind of number.

        Returns:
            Weights, or their averages: one more than steps.
        """
        made = self.states(w0, data, batches, step_size, activation, factors, numbers)
        return [self.result(state) for state in made]


#: SGD with nothing on.
PLAIN = Optimiser()


def _defaults(name: str) -> dict[str, Any]:
    return {"eps": _EPS.get(name, 0), "weight_decay": _DECAY.get(name, 0)}


def _read(key: str, value: Any, argument: str) -> Any:
    if key in {"nesterov", "amsgrad", "average"}:
        if not isinstance(value, bool):
            raise InputError(argument, value, "must be True or False")
        return value
    if key == "betas":
        if not isinstance(value, (list, tuple)) or len(value) != 2:
            raise InputError(argument, value, "must be two numbers")
        return tuple(_below_one(v, argument) for v in value)
    if value is None and key in {"clip_norm", "clip_value", "ema"}:
        return None
    if key == "ema":
        return _below_one(value, argument)
    if key in {"momentum", "dampening"}:  # momentum 1 is what a forgotten zero_grad amounts to
        return check_number(value, argument, 0, 1)
    # A bound of 0 would stop every step.
    low = 2.0**-64 if key in {"clip_norm", "clip_value", "trust_coefficient"} else 0
    return check_number(value, argument, low, 2**32)


def _below_one(value: Any, argument: str) -> Fraction:
    number = check_number(value, argument, 0, 1)
    if number == 1:
        raise InputError(argument, value, "must be below 1")
    return number
