(** Close to a data point its lead over the sum of its rivals is large. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Ending CycStep CycLimit CycRule.
From Whichmin Require Import WalkStep Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Near.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).

(** An active correlation has a sign; one of the same sign and at least 1 - e is active too. *)
Lemma active_near (x y e : R) : phi x != 0 -> e <= 1 -> `|y - Num.sg x| <= e -> 1 - e <= `|phi y|.
Proof.
move=> x0 e1; have [z1 z2] := norm_self (y - Num.sg x); move: z1 z2.
move: `|y - Num.sg x| => z; have [y1 y2] := norm_self y; move: x0; rewrite /Definitions.phi.
case: kind => [x0|].
  case: (sgrP x) x0 => // [xp _|xn _] z1 z2 ze.
    by move: `|y| y1 y2 => v y1 y2; cert ((v - y) + (z + (y - 1)) + (e - z)).
  by move: `|y| y1 y2 => v y1 y2; cert ((v + y) + (z - (y - -1)) + (e - z)).
case: (lerP 0 x) => [xp x0|_]; last by rewrite eqxx.
have -> : Num.sg x = 1 by rewrite gtr0_sg // lt_def x0.
move=> z1 z2 ze; have yp : 0 <= y by cert ((z + (y - 1)) + (e - z) + (1 - e)).
by rewrite yp; move: `|y| y1 y2 => v y1 y2; cert ((v - y) + (z + (y - 1)) + (e - z)).
Qed.

Lemma near_lead l w0 w e K : phi (c w0 l) != 0 -> 0 <= e -> e <= 1 ->
  sqnorm (w - Num.sg (c w0 l) *: a l) <= e ^+ 2 -> `|K| * m%:R * e <= 1 - e ->
  K * rivals_sum kind a l w <= `|phi (c w l)|.
Proof.
move=> l0 e0 e1 near Ke; set s := Num.sg _ in near.
have ci j : `|c w j - s * (l == j)%:R| <= e.
  rewrite -[X in _ <= X](ger0_norm e0); apply: le_of_square; apply: le_trans near.
  apply: le_trans (bessel a_orth _); rewrite (bigD1 j) //= /corr dotBl dotZl a_orth.
  by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => k _; exact: sqr_ge0.
have X : 1 - e <= `|phi (c w l)|.
  by apply: (active_near l0 e1); have := ci l; rewrite eqxx mulr1.
have Y : rivals_sum kind a l w <= m%:R * e.
  apply: (@le_trans _ _ (\sum_(j < m) e)); last by rewrite sumr_const card_ord mulr_natl lexx.
  rewrite /rivals_sum [X in X <= _]big_mkcond /=; apply: ler_sum => j _; case: ifP => // jl.
  have := ci j; rewrite eq_sym (negbTE jl) mulr0 subr0; apply: le_trans; apply: le_of_square.
  exact: phi_sqr_le.
have [k1 _] := norm_self K; have Y0 := rivals_sum_ge0 kind a l w; have K0 := normr_ge0 K.
apply: le_trans X; apply: le_trans Ke.
move: `|K| (rivals_sum _ _ _ _) k1 K0 Y0 Y => k y k1 K0 Y0 Y.
by cert ((k - K) * y + k * (m%:R * e - y)).
Qed.
End Near.
