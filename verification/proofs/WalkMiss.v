(** One step on any batch: the ratio r of the rivals to the point l, and what is missed. See
    the idea of the proof in WalkStep. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Ending CycStep CycLimit CycRule.
From Whichmin Require Import WalkStep Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Miss.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation own := (own kind a).
Local Notation rivals := (rivals kind a).
Local Notation missed := (missed kind a).
Local Notation rsum := (rivals_sum kind a).

Definition ratio l w : R := rsum l w / `|phi (c w l)|.

Lemma ratio_ge0 l w : 0 <= ratio l w.
Proof. by rewrite mulr_ge0 ?invr_ge0 ?normr_ge0 ?rivals_sum_ge0. Qed.

Lemma part_le l w (P : pred 'I_m) : (forall j, P j -> j != l) ->
  \sum_(j | P j) own j w <= (\sum_(j | P j) `|phi (c w j)|) * rsum l w.
Proof.
move=> Pl; rewrite mulr_suml; apply: ler_sum => j Pj.
rewrite /CycStep.own -(real_normK (num_real (phi (c w j)))) expr2.
rewrite -subr_ge0 -mulrBr mulr_ge0 ?normr_ge0 // subr_ge0 /rivals_sum (bigD1 j) ?Pl //=.
by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: normr_ge0.
Qed.

Lemma rivals_le l w rho : N w <= 21%:R / 20%:R -> 0 <= rho -> rho <= 1 -> phi (c w l) != 0 ->
  ratio l w <= rho -> rivals l w <= 21%:R / 20%:R * rho.
Proof.
move=> N1 r0 r1 lw rr; have x0 : 0 < `|phi (c w l)| by rewrite normr_gt0.
have Y0 := rivals_sum_ge0 kind a l w; have h : rivals l w <= rsum l w * rsum l w by exact: part_le.
have X1 : `|phi (c w l)| ^+ 2 <= N w.
  by rewrite (real_normK (num_real _)); exact: own_le.
have le : rsum l w <= rho * `|phi (c w l)|.
  have -> : rsum l w = ratio l w * `|phi (c w l)| by rewrite /ratio divfK // gt_eqF.
  by rewrite -subr_ge0 -mulrBl mulr_ge0 ?(ltW x0) // subr_ge0.
apply: le_trans h _; have x0' := ltW x0.
move: (rsum l w) `|phi (c w l)| Y0 le X1 x0' {x0 lw rr} => Y x Y0 le X1 x0.
cert ((rho * x - Y) * (rho * x + Y) + rho * ((21%:R / 20%:R - N w) + (N w - x ^+ 2))
  + rho * (1 - rho) * x ^+ 2).
Qed.

Section OneStep.
Variables (eta : R) (B : {set 'I_m}).
Local Notation al := (eta / #|B|%:R).
Hypotheses (eta0 : 0 <= eta) (al1 : al <= 5%:R^-1).
Variables (w : 'rV[R]_n) (l : 'I_m).
Hypothesis N1 : N w <= 21%:R / 20%:R.
Local Notation next := (step kind a eta B w).
Local Notation s := (shrink kind a eta B w).
Local Notation g := (gain eta B w).
Local Notation S := (batch_energy kind a B w).
Let al0 : 0 <= al. Proof. exact: batch_al_ge0. Qed.
Let S0 : 0 <= S. Proof. exact: batch_energy_ge0. Qed.
Let SN : S <= N w. Proof. exact: batch_energy_le. Qed.

Hypothesis l0 : phi (c w l) != 0.
Let x0 : 0 < `|phi (c w l)|. Proof. by rewrite normr_gt0. Qed.

Lemma lead_next : phi (c next l) != 0.
Proof.
have [s0 _ _ _] := factor_bounds kind a_orth eta0 al1 N1;
  have [h _] := size_any kind a_orth eta0 al1 N1 l.
by rewrite -normr_gt0; apply: lt_le_trans h; rewrite mulr_gt0.
Qed.

(** A batch without l does not lower it ... *)
Lemma ratio_out_ge : l \notin B -> ratio l w <= ratio l next.
Proof.
move=> lB; have [s0 _ _ _] := factor_bounds kind a_orth eta0 al1 N1.
have [Y _] := rivals_any kind a_orth eta0 al1 N1 l.
rewrite /ratio (phi_any kind a_orth eta0 al1 N1) (negbTE lB) normrM (gtr0_norm s0) -subr_ge0.
move: (rsum l next) (rsum l w) `|phi (c w l)| s x0 s0 Y => Y' Y x k xp kp YY.
have -> : Y' / (k * x) - Y / x = (Y' - k * Y) / k / x by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?invr_ge0 ?(ltW xp) ?(ltW kp) // subr_ge0.
Qed.

(** ... and raises it by at least alpha/2 times the batch's energy, where l is ahead. *)
Lemma ratio_out : l \notin B -> ratio l w <= 1 -> al * S <= 2%:R * (ratio l next - ratio l w).
Proof.
move=> lB; have [s0 s1 g1 _] := factor_bounds kind a_orth eta0 al1 N1.
have g0 := gain_ge0 kind a_orth eta0 al1 N1; have phiE j := phi_any kind a_orth eta0 al1 N1 j.
have [_ sg0] := batch_signs kind a_orth eta0 al1 N1.
have inB j : j \in B -> j != l by apply: contraTneq => ->.
pose Q := \sum_(j in B) `|phi (c w j)|.
have Q0 : 0 <= Q by apply: sumr_ge0 => j _; exact: normr_ge0.
have SQ : S <= Q * rsum l w by exact: part_le.
have YE : rsum l next = s * rsum l w + g * Q.
  have -> : Q = \sum_(j | j != l) (if j \in B then `|phi (c w j)| else 0).
    by rewrite /Q big_mkcond (bigD1 l) //= (negbTE lB) add0r.
  rewrite /rivals_sum !mulr_sumr -big_split /=.
  apply: eq_bigr => j jl; rewrite phiE normrM; case: ifP => _;
    last by rewrite (gtr0_norm s0) mulr0 addr0.
  by rewrite (gtr0_norm sg0) mulrDl.
have X1 : `|phi (c w l)| ^+ 2 <= N w by rewrite (real_normK (num_real _)); exact: own_le.
rewrite /ratio YE phiE (negbTE lB) normrM (gtr0_norm s0).
have Y0 := rivals_sum_ge0 kind a l w; have a0 := al0; have s0' := ltW s0.
move: (rsum l w) `|phi (c w l)| s g S (eta / _) x0 s0 s0' s1 g0 g1 SQ X1 Y0 a0.
move=> Y x u v T A xp up u0 u1 v0 v1 TQ X1 Y0 A0; have xp' := ltW xp.
move=> r1; have Yx : Y <= x.
  by rewrite -subr_ge0; have -> : x - Y = (1 - Y / x) * x by [field; rewrite gt_eqF];
    rewrite mulr_ge0 // subr_ge0.
rewrite -subr_ge0; have -> : 2%:R * ((u * Y + v * Q) / (u * x) - Y / x) - A * T =
  (2%:R * v * Q - A * T * u * x) / u / x by field; rewrite !gt_eqF.
rewrite !mulr_ge0 ?invr_ge0 //.
cert (2%:R * Q * (v - 19%:R / 20%:R * A) + A * u * x * (Q * Y - T) + A * u * x * Q * (x - Y)
  + A * Q * u * ((21%:R / 20%:R - N w) + (N w - x ^+ 2)) + A * Q * (1 - u) * (21%:R / 20%:R)
  + 17%:R / 20%:R * A * Q).
Qed.

(** ** What is missed *)
Lemma energy_any : C next = C w + al * S * (2%:R * (2%:R - N w - C w)
    + al * ((2%:R - N w - S) ^+ 2 + S * (C w - S))).
Proof.
rewrite (energy_step_batch kind a_orth eta0 al1 N1) /shrink /gain.
by move: (eta / _) (N w) (C w) S => A N' C' X; ring.
Qed.

Lemma rest_any : rest next <= (1 - al * S) * rest w.
Proof.
have [s0 _ _ _] := factor_bounds kind a_orth eta0 al1 N1; have s0' : 0 <= 1 - al * S by exact: ltW.
have -> : rest next = (1 - al * S) ^+ 2 * rest w.
  rewrite /Definitions.rest (sqnorm_step kind a_orth) energy_any /shrink /gain.
  by move: (eta / _) (N w) (C w) S => A N' C' X; ring.
have r0 := rest_ge0 kind a_orth w; have h := al0; move: S (eta / _) S0 s0' h => X A X0 s1 A0.
by cert ((1 - A * X) * (A * X) * rest w).
Qed.

(** While the energy is below 9/10, a batch with l raises it. *)
Lemma energy_any_rises x : 0 <= x -> x <= own l w -> l \in B -> C w <= 9%:R / 10%:R ->
  C w + al * x / 10%:R <= C next.
Proof.
move=> xp xl lB C1; rewrite energy_any; have SC : S <= C w by exact: batch_energy_le_energy.
have lS : own l w <= S.
  rewrite /batch_energy (bigD1 l) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: sqr_ge0.
have A0 := al0; have xS := le_trans xl lS.
move: (N w) (C w) S (eta / _) N1 C1 SC S0 xS A0 => N' C' T A N1' C1 SC T0 xS A0.
cert (A * (T - x) / 10%:R + A * T * (2%:R * (21%:R / 20%:R - N') + 2%:R * (9%:R / 10%:R - C')
  + A * ((2%:R - N' - T) ^+ 2 + T * (C' - T)))).
Qed.

Hypotheses (C1 : 9%:R / 10%:R <= C w) (far : rivals l w <= 1 / 10%:R).
Let C2 : C w <= 21%:R / 20%:R. Proof. exact: le_trans (energy_le kind a_orth w) N1. Qed.
Let x1 : - (1 / 20%:R) <= 1 - C w. Proof. by have h := C2; cert (21%:R / 20%:R - C w). Qed.
Let x2 : 1 - C w <= 1 / 10%:R. Proof. by cert (C w - 9%:R / 10%:R). Qed.
Let r0 : 0 <= rest w. Proof. exact: rest_ge0. Qed.
Let r1 : rest w <= 3%:R / 20%:R.
Proof. by rewrite /Definitions.rest; cert ((21%:R / 20%:R - N w) + (C w - 9%:R / 10%:R)). Qed.

(** A batch with l shrinks what is missed. *)
Lemma missed_in : l \in B -> missed next <= (1 - al / 4%:R) * missed w + al * rivals l w.
Proof.
move=> lB; have SC : S <= C w by exact: batch_energy_le_energy.
have d0 : 0 <= C w - S by rewrite subr_ge0.
have d1 : C w - S <= rivals l w.
  rewrite /energy /batch_energy (bigID (mem B)) /= addrC addKr.
  rewrite /CycLimit.rivals [X in _ <= X](bigID (mem B)) /=.
  rewrite (eq_bigl (fun i => (i != l) && (i \notin B))).
    by rewrite -subr_ge0 addrK; apply: sumr_ge0 => i _; exact: sqr_ge0.
  by move=> i; case: (eqVneq i l) => [->|] //=; rewrite lB.
have rs := rest_any; have h := al0.
have SE : S = 1 - (1 - C w) - (C w - S) by ring.
have := ending_in al0 al1 x1 x2 r0 r1 d0 (le_trans d1 far) SE.
have -> : 1 - C w - al * S * (4%:R * (1 - C w) - 2%:R * rest w +
   al * ((2%:R * (1 - C w) - rest w + (C w - S)) ^+ 2 + S * (C w - S))) = 1 - C next.
  by rewrite energy_any /Definitions.rest; move: (eta / _) (N w) (C w) S {SE} => A N' C' X; ring.
have Sge : 4%:R / 5%:R <= S.
  by cert ((C w - 9%:R / 10%:R) + (rivals l w - (C w - S)) + (1 / 10%:R - rivals l w)).
have y0 := normr_ge0 (1 - C w); have E0 := rivals_ge0 kind a l w.
rewrite /CycLimit.missed; move: `|1 - C next| `|1 - C w| y0 => z' z y0 zs.
move: (rest next) (rest w) (C w) S (rivals l w) (eta / _) r0 rs d0 d1 Sge zs h E0.
move=> r' r C' X E A rr rs d0 d1 Sge zs h E0.
cert (((1 - 3%:R * A) * z + 11%:R / 5%:R * A * r + A * (C' - X) - z')
  + 4%:R * ((1 - A * X) * r - r') + A * (E - (C' - X)) + 4%:R * A * (X - 4%:R / 5%:R) * r
  + 11%:R / 4%:R * A * z).
Qed.

(** Without l it grows by at most alpha times the batch's energy. *)
Lemma missed_out : l \notin B -> missed next <= missed w + al * S.
Proof.
move=> lB; have S1 : S <= rivals l w.
  rewrite /batch_energy /CycLimit.rivals [X in _ <= X](bigID (mem B)) /=.
  rewrite (eq_bigl (fun i => (i != l) && (i \in B))).
    by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: sqr_ge0.
  by move=> i; case: (eqVneq i l) => [->|] //=; rewrite (negbTE lB).
have rs := rest_any; have h := al0.
have := ending_out al0 al1 x1 x2 r0 r1 S0 (le_trans S1 far).
have -> : 1 - C w - al * S * (4%:R * (1 - C w) - 2%:R * rest w +
   al * ((1 + (1 - C w) - rest w - S) ^+ 2 + S * (1 - (1 - C w) - S))) = 1 - C next.
  by rewrite energy_any /Definitions.rest; move: (eta / _) (N w) (C w) S => A N' C' X; ring.
rewrite /CycLimit.missed; move: `|1 - C next| `|1 - C w| => z' z.
move: (rest next) (rest w) S (eta / _) r0 rs S0 h => r' r X A rr rs X0 h zs.
cert ((z + A * X - z') + 4%:R * ((1 - A * X) * r - r') + 4%:R * A * X * r).
Qed.
End OneStep.
End Miss.
