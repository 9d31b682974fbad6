"""Floating-point operations of a compiled function, counted from its graph, and what a machine could do.

Convolutions and matrix products are counted, those of gradients and of nested functions too, a
multiplication and an addition as two. What else a step does, such as normalisations, is little beside
them, and is not counted: it makes a step slower and its count no larger. A tap that falls on padding
counts like any other.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from experiments.bench import timing

# Sides of the square matrices among which the fastest product is the machine's peak.
GEMM_SIDES = (512, 1024, 1536, 2048)

_LOOPS = ("While", "StatelessWhile")


def count(function) -> int:
    """Floating-point operations of one call.

    Args:
        function: a concrete function, traced with a known batch size.

    Raises:
        ValueError: a shape that counts is not known, or what counts stands in a loop of unknown length.
    """
    return _count(function.graph, function.graph._functions)


def _count(graph, functions) -> int:
    total = 0
    for op in _needed(graph):
        if op.type in _COUNTERS:
            total += _COUNTERS[op.type](op)
            continue
        inner = sum(_count(functions[name].graph, functions) for name in _called(op))
        if inner and op.type in _LOOPS:
            raise ValueError(f"`function`: how often the loop {op.name} turns is not known")
        total += inner
    return total


def _needed(graph) -> list:
    """The operations that outputs or side effects follow from: TensorFlow runs no others.

    The gradient of a convolution, for one, is traced for the images too where nobody asks for it.
    """
    waiting = [tensor.op for tensor in graph.outputs] + list(graph.control_outputs)
    found = {}
    while waiting:
        op = waiting.pop()
        if op.name not in found:
            found[op.name] = op
            waiting += [tensor.op for tensor in op.inputs] + list(op.control_inputs)
    return list(found.values())


def _called(op) -> list[str]:
    """The names of the functions that an operation calls, but not of its gradient."""
    values = [op.get_attr(name) for name in op.node_def.attr if name not in ("_gradient_op_type",)]
    return [value.name for value in values if hasattr(value, "name") and hasattr(value, "attr")]


def _matmul(op) -> int:
    a, product = _shape(op.inputs[0]), _shape(op.outputs[0])
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return 2 * math.prod(product) * a[-2 if transposed else -1]


def _convolution(op) -> int:
    height, width, inputs, _ = _shape(op.inputs[1])
    return 2 * math.prod(_shape(op.outputs[0])) * height * width * inputs


def _input_gradient(op) -> int:
    height, width, inputs, _ = _shape(op.inputs[1])
    return 2 * math.prod(_shape(op.inputs[2])) * height * width * inputs


def _kernel_gradient(op) -> int:
    height, width, inputs, _ = _shape(op.outputs[0])
    return 2 * math.prod(_shape(op.inputs[2])) * height * width * inputs


_COUNTERS = {
    "MatMul": _matmul,
    "BatchMatMulV2": _matmul,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _input_gradient,
    "Conv2DBackpropFilter": _kernel_gradient,
}


def _shape(tensor) -> list[int]:
    if not tensor.shape.is_fully_defined():
        raise ValueError(f"`function`: the shape of {tensor.name} is not known: {tensor.shape}")
    return tensor.shape.as_list()


def fastest_product(dtype: str, sides=GEMM_SIDES) -> tuple[Callable[[], object], int]:
    """The square matrix product that is computed fastest here, to be timed beside a step.

    Args:
        dtype: of the matrices: float32, bfloat16 or float16.
        sides: of the matrices that are tried.

    Returns:
        A call that computes it, and its floating-point operations.
    """
    calls = {side: _product(dtype, side) for side in sides}
    times = timing.alternate(calls, rounds=5)
    best = max(sides, key=lambda side: side**3 / min(times[side]))
    return calls[best], 2 * best**3


def _product(dtype, side):
    a, b = (tf.cast(tf.random.stateless_normal([side, side], [0, i]), dtype) for i in range(2))
    # One number is fetched, so that the product is done when the call returns.
    multiply = tf.function(lambda: tf.matmul(a, b)[0, 0])
    return lambda: float(multiply())
