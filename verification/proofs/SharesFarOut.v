(** Far out with random step sizes: the scalar inequality behind the drift of the root of
    |c_j/c_l|. The outcomes are paired by exchanging l and j. If the one outcome gives them p and
    q, the other gives q and p, and the roots change by t1 and t2 with
      t1^2 = (s1 + q g)/(s1 + p g),  t2^2 = (s2 + p g)/(s2 + q g),
      s1 - s2 = - eta (p - q)(e_l - e_j),
    g = eta (2 - N). A root lies below a parabola ([SGD.root_le]); to second order the mean of t1
    and t2 is at most 1 - kappa (p - q)^2, as the energy of the leader, e_l - e_j >= 7/10,
    outweighs the gain. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Scalar.
Variable R : realFieldType.

(** What the two parabolas leave. *)
Lemma pair_identity (eta u L d A B : R) : A != 0 -> B != 0 -> A - B = d * eta * (u - L) ->
  let z1 := - (d * (eta * u) / A) in let z2 := d * (eta * u) / B in
  1 - eta ^+ 2 * (19%:R / 4000%:R) * d ^+ 2 =
   (1 + z1 / 2%:R - z1 ^+ 2 / 10%:R + (1 + z2 / 2%:R - z2 ^+ 2 / 10%:R)) / 2%:R
   + (z1 + z2) ^+ 2 / 20%:R + d ^+ 2 * eta ^+ 2 *
   (u * (L - 7%:R / 10%:R) / 4%:R + u * (3%:R / 20%:R) * (11%:R / 10%:R - u)
    + (u - 19%:R / 20%:R) / 100%:R + 19%:R / 4000%:R * (2%:R - A * B)) / A / B.
Proof.
move=> A0 B0 AB z1 z2; have BE : B = A - d * eta * (u - L) by rewrite -AB; ring.
by rewrite /z1 /z2; move: B0; rewrite BE => B0; field; rewrite A0 B0.
Qed.

(** The pair: A and B are the denominators. *)
Lemma weights_pair (eta u p q L s1 s2 t1 t2 : R) :
  let A := s1 + eta * p * u in let B := s2 + eta * q * u in
  0 <= eta -> eta <= 5%:R^-1 -> 19%:R / 20%:R <= u -> u <= 11%:R / 10%:R ->
  0 <= q -> q <= p -> p <= 1 -> 7%:R / 10%:R <= L -> s2 = s1 + eta * (p - q) * L ->
  79%:R / 100%:R <= s1 -> s2 <= 1 ->
  0 <= t1 -> t1 ^+ 2 = (s1 + eta * q * u) / A -> 0 <= t2 -> t2 ^+ 2 = (s2 + eta * p * u) / B ->
  (t1 + t2) / 2%:R <= 1 - eta ^+ 2 * (19%:R / 4000%:R) * (p - q) ^+ 2.
Proof.
move=> A B e0 e1 u0 u1 q0 qp p1 L0 s2E s10 s21 t10 t1E t20 t2E.
have e1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
have u0' : 0 <= u - 19%:R / 20%:R by rewrite subr_ge0.
have u1' : 0 <= 11%:R / 10%:R - u by rewrite subr_ge0.
have L0' : 0 <= L - 7%:R / 10%:R by rewrite subr_ge0.
have d0 : 0 <= p - q by rewrite subr_ge0.
have p1' : 0 <= 1 - p by rewrite subr_ge0.
have pp : 0 <= p by cert (q + (p - q)).
have q1 : 0 <= 1 - q by cert ((1 - p) + (p - q)).
have d1 : 0 <= 1 - (p - q) by cert ((1 - p) + q).
have uu : 0 <= u by cert ((u - 19%:R / 20%:R) + 19%:R / 20%:R).
have LL : 0 <= L by cert ((L - 7%:R / 10%:R) + 7%:R / 10%:R).
pose g := eta * u; have g0 : 0 <= g by rewrite /g; positive.
have g1 : 0 <= 11%:R / 50%:R - g.
  by rewrite /g; cert ((5%:R^-1 - eta) * u + (11%:R / 10%:R - u) / 5%:R).
have s1' : 0 <= s1 - 79%:R / 100%:R by rewrite subr_ge0.
have s2s1 : 0 <= s2 - s1 by rewrite s2E; cert (eta * (p - q) * L).
have s21' : 0 <= 1 - s2 by rewrite subr_ge0.
have AE : A = s1 + p * g by rewrite /A /g; ring.
have BE : B = s2 + q * g by rewrite /B /g; ring.
have A0 : 0 <= A - 79%:R / 100%:R by rewrite AE; cert ((s1 - 79%:R / 100%:R) + p * g).
have B0 : 0 <= B - 79%:R / 100%:R.
  by rewrite BE; cert ((s1 - 79%:R / 100%:R) + (s2 - s1) + q * g).
have A1 : 0 <= 61%:R / 50%:R - A.
  by rewrite AE; cert ((1 - s2) + (s2 - s1) + p * (11%:R / 50%:R - g) + 11%:R / 50%:R * (1 - p)).
have B1 : 0 <= 61%:R / 50%:R - B.
  by rewrite BE; cert ((1 - s2) + q * (11%:R / 50%:R - g) + 11%:R / 50%:R * (1 - q)).
have seven : 0 < 79%:R / 100%:R :> R by rewrite divr_gt0 ?ltr0n.
have Ap : 0 < A by apply: lt_le_trans seven _; rewrite -subr_ge0.
have Bp : 0 < B by apply: lt_le_trans seven _; rewrite -subr_ge0.
have i1 : 0 <= A^-1 by rewrite invr_ge0 ltW.
have i2 : 0 <= B^-1 by rewrite invr_ge0 ltW.
have dg1 : 0 <= 11%:R / 50%:R - (p - q) * g by cert ((11%:R / 50%:R - g) + (1 - (p - q)) * g).
have AB : 0 <= 2%:R - A * B.
  have Aw := ltW Ap; have Bw := ltW Bp.
  by cert (A * (61%:R / 50%:R - B) + 61%:R / 50%:R * (61%:R / 50%:R - A) + 1279%:R / 2500%:R).
pose z1 := - ((p - q) * g / A); pose z2 := (p - q) * g / B.
have z12 : 0 <= z2 /\ 0 <= - z1 by rewrite /z1 /z2 opprK; split; positive.
have z_half D : 0 < D -> 0 <= D - 79%:R / 100%:R -> (p - q) * g / D <= 1 / 2%:R.
  move=> D0 D1; rewrite -subr_ge0.
  have -> : 1 / 2%:R - (p - q) * g / D =
    ((D - 79%:R / 100%:R) + 2%:R * (11%:R / 50%:R - (p - q) * g)
    + 35%:R / 100%:R) / 2%:R / D by field; rewrite gt_eqF.
  have Di : 0 <= D^-1 by rewrite invr_ge0 ltW.
  by positive.
have [z20 z10] := z12; have zA := z_half A Ap A0; have zB := z_half B Bp B0.
have r1 : t1 <= 1 + z1 / 2%:R - z1 ^+ 2 / 10%:R.
  apply: root_le => //; first rewrite t1E.
  - have -> : s1 + eta * q * u = A - (p - q) * g by rewrite AE /g; ring.
    by rewrite /z1; field; rewrite gt_eqF.
  - by rewrite /z1 -subr_ge0 opprK addrC subr_ge0.
  by cert (- z1 + 1 / 2%:R).
have r2 : t2 <= 1 + z2 / 2%:R - z2 ^+ 2 / 10%:R.
  apply: root_le => //; last (by cert (z2 + 1 / 2%:R)); rewrite t2E.
  have -> : s2 + eta * p * u = B + (p - q) * g by rewrite BE /g; ring.
  by rewrite /z2; field; rewrite gt_eqF.
pose K := u * (L - 7%:R / 10%:R) / 4%:R + u * (3%:R / 20%:R) * (11%:R / 10%:R - u)
  + (u - 19%:R / 20%:R) / 100%:R + 19%:R / 4000%:R * (2%:R - A * B).
have K0 : 0 <= K by rewrite /K; positive.
have key := @pair_identity eta u L (p - q) A B (lt0r_neq0 Ap) (lt0r_neq0 Bp).
rewrite key; last by rewrite AE BE s2E /g; ring.
rewrite -subr_ge0 -/g -/z1 -/z2 -/K; set r := (z1 + z2) ^+ 2 / 20%:R; set r' := _ * K / A / B.
have r0 : 0 <= r by rewrite /r; positive.
have r'0 : 0 <= r' by rewrite /r'; positive.
move: (1 + z1 / 2%:R - _) (1 + z2 / 2%:R - _) r r' r0 r'0 r1 r2 => b1 b2 r r' r0 r'0 r1 r2.
have -> : (b1 + b2) / 2%:R + r + r' - (t1 + t2) / 2%:R =
  (b1 - t1) / 2%:R + (b2 - t2) / 2%:R + r + r' by field.
by positive.
Qed.
End Scalar.
