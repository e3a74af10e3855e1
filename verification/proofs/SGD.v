(** Mini-batch steps: what any batch does to the energy, and the drift of the square root of
    |c_j/c_*| far out: the two scalar facts behind almost sure convergence to one data point. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section AnyBatch.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variables (eta : R) (B : {set 'I_m}) (w : 'rV[R]_n).
Local Notation al := (eta / #|B|%:R).
Hypotheses (eta0 : 0 <= eta) (al1 : al <= 5%:R^-1) (N1 : N w <= 21%:R / 20%:R).
Local Notation next := (step kind a eta B w).
Local Notation s := (shrink kind a eta B w).
Local Notation g := (gain eta B w).
Local Notation S := (batch_energy kind a B w).

Lemma batch_al_ge0 : 0 <= al.
Proof. by rewrite mulr_ge0 // invr_ge0 ler0n. Qed.

Lemma batch_signs : 0 < s /\ 0 < s + g.
Proof.
have [_ s0 sg0] := trap_scalar batch_al_ge0 al1 (batch_energy_ge0 kind a B w)
  (batch_energy_le kind a_orth B w) N1.
by split.
Qed.

Lemma phi_step_batch j : phi (c next j) = (if j \in B then s + g else s) * phi (c w j).
Proof.
have [s0 sg0] := batch_signs; rewrite (corr_step kind a_orth); case: ifP => _.
  by apply: phi_affine => //; exact: ltW.
by rewrite addr0 phi_hom // ltW.
Qed.

Lemma energy_step_batch : C next = s ^+ 2 * C w + (2%:R * s * g + g ^+ 2) * S.
Proof.
rewrite {1}/energy (eq_bigr (fun j => s ^+ 2 * phi (c w j) ^+ 2 +
   (if j \in B then (2%:R * s * g + g ^+ 2) * phi (c w j) ^+ 2 else 0))); last first.
  by move=> j _; rewrite phi_step_batch; case: ifP => _; ring.
by rewrite big_split /= -mulr_sumr -big_mkcond /= -mulr_sumr.
Qed.

Lemma batch_energy_le_energy : S <= C w.
Proof.
rewrite /energy (bigID (mem B)) /= -subr_ge0 addrC addKr.
by apply: sumr_ge0 => i _; exact: sqr_ge0.
Qed.

(** No batch takes the energy below a level that it has reached, for levels up to 9/10. *)
Theorem energy_level_kept l : l <= 9%:R / 10%:R -> l <= C w -> l <= C next.
Proof.
move=> l1 lC; have a0 := batch_al_ge0; have S0 := batch_energy_ge0 kind a B w.
have C0 := energy_ge0 kind a w; have SC := batch_energy_le_energy.
have CN := energy_le kind a_orth w; rewrite energy_step_batch /shrink /gain.
set al' := al; set S' := S; set N' := N w; set C' := C w.
pose u := 2%:R - N'.
pose D := 2%:R * (u - C') + al' * (S' * C' - 2%:R * S' * u + u ^+ 2).
have -> : (1 - al' * S') ^+ 2 * C' + (2%:R * (1 - al' * S') * (al' * (2%:R - N')) +
    (al' * (2%:R - N')) ^+ 2) * S' = C' + al' * S' * D by rewrite /D /u; ring.
have u1 : 0 <= u - 19%:R / 20%:R by rewrite /u; cert (21%:R / 20%:R - N').
case: (lerP C' u) => Cu.
  (* N + C <= 2: it does not fall at all *)
  have D0 : 0 <= D.
    have -> : D = 2%:R * (u - C') + al' * ((u - S') ^+ 2 + S' * (C' - S')) by rewrite /D; ring.
    by positive.
  by apply: (le_trans lC); rewrite -/C'; cert (al' * S' * D).
apply: (le_trans l1).
have Cu' : 0 <= C' - u by rewrite subr_ge0 ltW.
have NC : 0 <= N' - C' by rewrite subr_ge0.
have N2 : 0 <= 21%:R / 20%:R - N' by rewrite subr_ge0.
have a2 : 0 <= 5%:R^-1 - al' by rewrite subr_ge0.
have D1 : 0 <= D + 5%:R^-1.
  have -> : D + 5%:R^-1 = 2%:R * (N' - C') + 4%:R * (21%:R / 20%:R - N') +
    al' * ((u - S') ^+ 2 + S' * (C' - S')) by rewrite /D /u; field.
  by positive.
have SN : 0 <= C' - S' by rewrite subr_ge0.
(* C' - al S /5 >= C' (1 - 1/25) >= (19/20)(24/25) >= 9/10 *)
have -> : C' + al' * S' * D = al' * S' * (D + 5%:R^-1) + (5%:R^-1 - al') * S' / 5%:R +
  (C' - S') / 25%:R + (C' - u) * (24%:R / 25%:R) + (u - 19%:R / 20%:R) * (24%:R / 25%:R)
  + 12%:R / 1000%:R + 9%:R / 10%:R by field.
rewrite -subr_ge0 addrK; by positive.
Qed.
End AnyBatch.

(** ** Far out *)
Section FarOut.
Variable R : realFieldType.

(** A root lies below a parabola. *)
Lemma root_le (t z : R) : 0 <= t -> t ^+ 2 = 1 + z -> - (1 / 2%:R) <= z -> z <= 1 / 2%:R ->
  t <= 1 + z / 2%:R - z ^+ 2 / 10%:R.
Proof.
move=> t0 tz z1 z2; rewrite leNgt; apply/negP => big.
have z1' : 0 <= z + 1 / 2%:R by cert (z - - (1 / 2%:R)).
have z2' : 0 <= 1 / 2%:R - z by rewrite subr_ge0.
pose b := 1 + z / 2%:R - z ^+ 2 / 10%:R.
have b0 : 0 <= b.
  have -> : b = (1 / 2%:R - z) * (z + 1 / 2%:R) / 10%:R + (z + 1 / 2%:R) / 2%:R + 29%:R / 40%:R.
    by rewrite /b; field.
  by positive.
have tb : 0 < t - b by rewrite subr_gt0.
have bt : b ^+ 2 < t ^+ 2.
  apply: (@lt_le_trans _ _ (b ^+ 2 + (t - b) ^+ 2)).
    by rewrite -subr_gt0 addrAC subrr add0r exprn_gt0.
  have tb' := ltW tb; cert (2%:R * (b * (t - b))).
move: bt; rewrite tz ltNge => /negP; apply.
have h0 : 0 <= (1 / 2%:R - z) * (19%:R / 2%:R - z) + 1 / 4%:R.
  have : 0 <= 19%:R / 2%:R - z by cert ((1 / 2%:R - z) + 9%:R).
  by move=> h; positive.
rewrite /b; cert (z ^+ 2 / 100%:R * ((1 / 2%:R - z) * (19%:R / 2%:R - z) + 1 / 4%:R)).
Qed.

(** Two batches that differ in one place, one with the leader * and one with j: [sl, sj] are their
    shrink factors, g their common gain, y the root of |c_j/c_*| and y1, y2 the roots after the
    two. If the leader has the energy x and j the energy xj, the mean of the two roots is at most
    y (1 - g alpha / 200). *)
Theorem far_out_pair (al N x xj S0 y t1 t2 : R) :
  let g := al * (2%:R - N) in let sl := 1 - al * (S0 + x) in let sj := 1 - al * (S0 + xj) in
  0 <= al -> al <= 5%:R^-1 -> N <= 21%:R / 20%:R -> 9%:R / 10%:R <= N ->
  0 <= S0 -> 0 <= xj -> S0 + x <= N -> S0 + xj <= 1 / 10%:R -> 7%:R / 10%:R <= x - xj ->
  0 <= y -> 0 <= t1 -> t1 ^+ 2 = sl / (sl + g) -> 0 <= t2 -> t2 ^+ 2 = (sj + g) / sj ->
  (t1 * y + t2 * y) / 2%:R <= (1 - al * g / 200%:R) * y.
Proof.
move=> g sl sj a0 a1 N1 N2 S00 xj0 xN few lead y0 t10 t1E t20 t2E.
have a1' : 0 <= 5%:R^-1 - al by rewrite subr_ge0.
have N1' : 0 <= 21%:R / 20%:R - N by rewrite subr_ge0.
have N2' : 0 <= N - 9%:R / 10%:R by rewrite subr_ge0.
have few' : 0 <= 1 / 10%:R - (S0 + xj) by rewrite subr_ge0.
have lead' : 0 <= x - xj - 7%:R / 10%:R by rewrite subr_ge0.
have xN' : 0 <= N - (S0 + x) by rewrite subr_ge0.
have u0 : 0 <= 2%:R - N.
  by have -> : 2%:R - N = (21%:R / 20%:R - N) + 19%:R / 20%:R by [field]; positive.
have g0 : 0 <= g by rewrite /g; positive.
have g1 : 0 <= 11%:R / 50%:R - g.
  have -> : 11%:R / 50%:R - g = (5%:R^-1 - al) * (2%:R - N) + (N - 9%:R / 10%:R) / 5%:R.
    by rewrite /g; field.
  by positive.
have x0 : 0 <= x.
  by have -> : x = (x - xj - 7%:R / 10%:R) + xj + 7%:R / 10%:R by [field]; positive.
have sl0 : 0 <= sl - 79%:R / 100%:R.
  have -> : sl - 79%:R / 100%:R = al * (N - (S0 + x)) + al * (21%:R / 20%:R - N)
    + (5%:R^-1 - al) * (21%:R / 20%:R) by rewrite /sl; field.
  by positive.
have sl1 : 0 <= 1 - sl.
  by have -> : 1 - sl = al * (S0 + x) by [rewrite /sl; ring]; positive.
have sj0 : 0 <= sj - 49%:R / 50%:R.
  have -> : sj - 49%:R / 50%:R = al * (1 / 10%:R - (S0 + xj)) + (5%:R^-1 - al) / 10%:R.
    by rewrite /sj; field.
  by positive.
have sj1 : 0 <= 1 - sj.
  by have -> : 1 - sj = al * (S0 + xj) by [rewrite /sj; ring]; positive.
have slp : 0 < sl.
  by apply: (@lt_le_trans _ _ (79%:R / 100%:R)); [rewrite divr_gt0 ?ltr0n | rewrite -subr_ge0].
have sjp : 0 < sj.
  by apply: (@lt_le_trans _ _ (49%:R / 50%:R)); [rewrite divr_gt0 ?ltr0n | rewrite -subr_ge0].
have slg : 0 < sl + g by apply: (lt_le_trans slp); cert g.
pose z1 := - (g / (sl + g)); pose z2 := g / sj.
have i1 : 0 <= (sl + g)^-1 by rewrite invr_ge0 ltW.
have i2 : 0 <= sj^-1 by rewrite invr_ge0 ltW.
have r1 : t1 <= 1 + z1 / 2%:R - z1 ^+ 2 / 10%:R.
  apply: root_le => //; first by rewrite t1E /z1; field; rewrite gt_eqF.
    rewrite -subr_ge0.
    have -> : z1 - - (1 / 2%:R) = ((sl - 79%:R / 100%:R) + (11%:R / 50%:R - g) + 57%:R / 100%:R)
      / 2%:R / (sl + g) by rewrite /z1; field; rewrite gt_eqF.
    by positive.
  rewrite -subr_ge0; have -> : 1 / 2%:R - z1 = 1 / 2%:R + g / (sl + g) by rewrite /z1; ring.
  by positive.
have r2 : t2 <= 1 + z2 / 2%:R - z2 ^+ 2 / 10%:R.
  apply: root_le => //; first by rewrite t2E /z2; field; rewrite gt_eqF.
    by rewrite -subr_ge0 /z2 opprK; positive.
  rewrite -subr_ge0.
  have -> : 1 / 2%:R - z2 = ((sj - 49%:R / 50%:R) + 2%:R * (11%:R / 50%:R - g) + 54%:R / 100%:R)
    / 2%:R / sj by rewrite /z2; field; rewrite gt_eqF.
  by positive.
pose Q := 1 - al * g / 200%:R - (t1 + t2) / 2%:R.
suff Q0 : 0 <= Q.
  rewrite -subr_ge0.
  have -> : (1 - al * g / 200%:R) * y - (t1 * y + t2 * y) / 2%:R = Q * y by rewrite /Q; field.
  by rewrite mulr_ge0.
pose K := ((x - xj - 7%:R / 10%:R) / 4%:R + 3%:R / 20%:R * (N - 9%:R / 10%:R)
  + (1 - sj) * (sl + g) / 200%:R + ((1 - sl) + (11%:R / 50%:R - g)) / 200%:R + 39%:R / 10000%:R).
have K0 : 0 <= K by rewrite /K; positive.
have -> : Q = ((1 + z1 / 2%:R - z1 ^+ 2 / 10%:R) - t1) / 2%:R
   + ((1 + z2 / 2%:R - z2 ^+ 2 / 10%:R) - t2) / 2%:R + (z1 + z2) ^+ 2 / 20%:R
   + g * al * K / (sl + g) / sj.
  have e1 : sl = 1 - al * (S0 + x) by []. have e2 : sj = 1 - al * (S0 + xj) by [].
  have e3 : g = al * (2%:R - N) by [].
  rewrite /Q /K /z1 /z2; move: slg sjp; rewrite e1 e2 e3 => h1 h2.
  by field; rewrite !gt_eqF.
apply: addr_ge0; first apply: addr_ge0; first apply: addr_ge0.
- by rewrite mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0.
- by rewrite mulr_ge0 ?invr_ge0 ?ler0n // subr_ge0.
- by positive.
by positive.
Qed.
End FarOut.

