(** Two polynomials that are positive on the unit square: in terms of p, q = 1 - p, x, y = 1 - x
    all their coefficients are positive (Bernstein). They say 2 (1 + z) - p z^2 (k + 1)(k^2 + 1) >=
    1 - p for k = 1 + p (1 - z), at z = 1 - x and at z = 1 + x. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape GDOrder Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Polynomials.
Variable R : realFieldType.
Implicit Types (p q x y : R).

(** Two polynomials on the unit square, positive by their Bernstein coefficients. *)
Lemma poly_low p q x y : 0 <= p -> 0 <= q -> 0 <= x -> 0 <= y -> q = 1 - p -> y = 1 - x ->
  0 <= 2%:R * (2%:R - x) - q - p * (1 - x) ^+ 2 * ((1 + p * x + 1) * ((1 + p * x) ^+ 2 + 1)).
Proof.
move=> p0 q0 x0 y0 qE yE; set D := (X in 0 <= X).
have -> : D = 2%:R * p ^+ 4 * x ^+ 5 + 12%:R * p ^+ 4 * x ^+ 4 * y
    + 13%:R * p ^+ 4 * x ^+ 3 * y ^+ 2 + 4%:R * p ^+ 4 * x ^+ 2 * y ^+ 3
    + 7%:R * p ^+ 3 * q * x ^+ 5 + 43%:R * p ^+ 3 * q * x ^+ 4 * y
    + 74%:R * p ^+ 3 * q * x ^+ 3 * y ^+ 2 + 54%:R * p ^+ 3 * q * x ^+ 2 * y ^+ 3
    + 19%:R * p ^+ 3 * q * x * y ^+ 4 + 3%:R * p ^+ 3 * q * y ^+ 5
    + 9%:R * p ^+ 2 * q ^+ 2 * x ^+ 5 + 57%:R * p ^+ 2 * q ^+ 2 * x ^+ 4 * y
    + 120%:R * p ^+ 2 * q ^+ 2 * x ^+ 3 * y ^+ 2 + 114%:R * p ^+ 2 * q ^+ 2 * x ^+ 2 * y ^+ 3
    + 51%:R * p ^+ 2 * q ^+ 2 * x * y ^+ 4
    + 9%:R * p ^+ 2 * q ^+ 2 * y ^+ 5 + 5%:R * p * q ^+ 3 * x ^+ 5
    + 33%:R * p * q ^+ 3 * x ^+ 4 * y + 78%:R * p * q ^+ 3 * x ^+ 3 * y ^+ 2
    + 86%:R * p * q ^+ 3 * x ^+ 2 * y ^+ 3 + 45%:R * p * q ^+ 3 * x * y ^+ 4
    + 9%:R * p * q ^+ 3 * y ^+ 5 + q ^+ 4 * x ^+ 5
    + 7%:R * q ^+ 4 * x ^+ 4 * y + 18%:R * q ^+ 4 * x ^+ 3 * y ^+ 2
    + 22%:R * q ^+ 4 * x ^+ 2 * y ^+ 3 + 13%:R * q ^+ 4 * x * y ^+ 4
    + 3%:R * q ^+ 4 * y ^+ 5 by rewrite /D yE qE; ring.
by positive.
Qed.

Lemma poly_high p q x y : 0 <= p -> 0 <= q -> 0 <= x -> 0 <= y -> q = 1 - p -> y = 1 - x ->
  0 <= 2%:R * (2%:R + x) - q - p * (1 + x) ^+ 2 * ((1 - p * x + 1) * ((1 - p * x) ^+ 2 + 1)).
Proof.
move=> p0 q0 x0 y0 qE yE; set D := (X in 0 <= X).
have -> : D = 2%:R * p ^+ 4 * x ^+ 5 + 8%:R * p ^+ 4 * x ^+ 4 * y
    + 11%:R * p ^+ 4 * x ^+ 3 * y ^+ 2 + 4%:R * p ^+ 4 * x ^+ 2 * y ^+ 3
    + 7%:R * p ^+ 3 * q * x ^+ 5 + 27%:R * p ^+ 3 * q * x ^+ 4 * y
    + 34%:R * p ^+ 3 * q * x ^+ 3 * y ^+ 2 + 22%:R * p ^+ 3 * q * x ^+ 2 * y ^+ 3
    + 11%:R * p ^+ 3 * q * x * y ^+ 4 + 3%:R * p ^+ 3 * q * y ^+ 5
    + 9%:R * p ^+ 2 * q ^+ 2 * x ^+ 5 + 33%:R * p ^+ 2 * q ^+ 2 * x ^+ 4 * y
    + 60%:R * p ^+ 2 * q ^+ 2 * x ^+ 3 * y ^+ 2 + 66%:R * p ^+ 2 * q ^+ 2 * x ^+ 2 * y ^+ 3
    + 39%:R * p ^+ 2 * q ^+ 2 * x * y ^+ 4
    + 9%:R * p ^+ 2 * q ^+ 2 * y ^+ 5 + 5%:R * p * q ^+ 3 * x ^+ 5
    + 33%:R * p * q ^+ 3 * x ^+ 4 * y + 78%:R * p * q ^+ 3 * x ^+ 3 * y ^+ 2
    + 86%:R * p * q ^+ 3 * x ^+ 2 * y ^+ 3 + 45%:R * p * q ^+ 3 * x * y ^+ 4
    + 9%:R * p * q ^+ 3 * y ^+ 5 + 5%:R * q ^+ 4 * x ^+ 5
    + 23%:R * q ^+ 4 * x ^+ 4 * y + 42%:R * q ^+ 4 * x ^+ 3 * y ^+ 2
    + 38%:R * q ^+ 4 * x ^+ 2 * y ^+ 3 + 17%:R * q ^+ 4 * x * y ^+ 4
    + 3%:R * q ^+ 4 * y ^+ 5 by rewrite /D yE qE; ring.
by positive.
Qed.

End Polynomials.
