(** Gradient descent for every step size below m/2. The scalars stay [safe] (GDScalar), the active
    part only ever gets a positive factor, and [far] is contracted (GDContract). *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDScalar GDContract GDStep Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Wide.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta e : R).
Hypotheses (orth : orthonormal a) (eta0 : 0 < eta) (eta1 : eta <= m%:R / 2%:R)
  (e0 : 0 < e).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Local Notation rest := (rest kind a).
Local Notation next := (step kind a eta [set: 'I_m]).
Local Notation al := (eta / m%:R).
Local Notation k := (multiplier kind a eta).
Local Notation dir := (gd_direction kind a).
Implicit Types w : 'rV[R]_n.

Lemma points_exist : (0 < m)%N.
Proof. by case: (m) eta1 => //; rewrite mul0r leNgt eta0. Qed.

Lemma al_pos : 0 < al. Proof. by rewrite divr_gt0 // ltr0n points_exist. Qed.
Lemma al_half : 0 <= 1 - 2%:R * al.
Proof.
have m0 : 0 < m%:R :> R by rewrite ltr0n points_exist.
have -> : 1 - 2%:R * al = (m%:R / 2%:R - eta) * (2%:R / m%:R) by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // divr_ge0 ?ler0n.
Qed.

Definition safe_at w := safe al e (C w) (rest w).

Section One.
Variable w : 'rV[R]_n.
Hypothesis sw : safe_at w.

Lemma safe_no_flip : no_flip kind a eta w.
Proof.
right; have [s0 _] := safe_shrink al_pos al_half e0 sw; split=> //.
by case: sw => _ /ltW; rewrite multiplierE.
Qed.

Lemma safe_multiplier : 0 < k w.
Proof. by case: sw => _; rewrite multiplierE. Qed.

Lemma safe_energy : 0 < C w.
Proof. by case: sw => _ _ h _ _; exact: lt_le_trans e0 h. Qed.

Lemma safe_next : safe_at (next w).
Proof.
have ok := safe_no_flip; rewrite /safe_at (energy_next orth ok) (rest_next orth ok) multiplierE.
exact: (safe_step al_pos al_half e0 sw).
Qed.

Lemma dir_next : dir (next w) = dir w.
Proof.
rewrite /gd_direction (active_next orth safe_no_flip) normalised_gt0 //; exact: safe_multiplier.
Qed.

Lemma far_next : far al e (C (next w)) (rest (next w)) <= (1 - loss_rate al e) * far al e (C w)
  (rest w).
Proof.
have ok := safe_no_flip; rewrite (energy_next orth ok) (rest_next orth ok) multiplierE.
exact: (contract al_pos al_half e0 sw).
Qed.

Lemma far_bounds : N (w - dir w) <= far al e (C w) (rest w).
Proof.
have C0 := safe_energy; rewrite distance // /far addrC; apply: add_le; first exact/root_near/ltW.
rewrite -[X in X <= _]mul1r; apply: mul_le; rewrite ?ler01 ?rest_ge0 ?lexx //.
exact: (weight_ge1 al_pos al_half e0 sw).
Qed.
End One.

Section Run.
Variable w0 : 'rV[R]_n.
Hypothesis s0 : safe_at w0.
Local Notation w := (gd_weights kind a eta w0).

Lemma wS t : w t.+1 = next (w t). Proof. by rewrite nextE. Qed.

Lemma safe_run t : safe_at (w t) /\ dir (w t) = dir w0.
Proof.
elim: t => // t [IH dE]; rewrite wS; split; [exact: safe_next | by rewrite dir_next].
Qed.

Lemma far_run t : far al e (C (w t)) (rest (w t)) <= (1 - loss_rate al e) ^+ t * far al e (C w0)
  (rest w0).
Proof.
have q0 : 0 <= 1 - loss_rate al e by rewrite subr_ge0 ltW // (rate_lt1 al_pos al_half e0 s0).
elim: t => [|t IH]; first by rewrite expr0 mul1r.
rewrite wS; apply: le_trans (far_next (safe_run t).1) _; rewrite exprS -mulrA.
by apply: mul_le => //; rewrite /far addr_ge0 ?normr_ge0 // mulr_ge0 ?rest_ge0 //;
  apply: le_trans ler01 (weight_ge1 al_pos al_half e0 s0).
Qed.

Lemma distance_run t : N (w t - dir w0) <= (1 - loss_rate al e) ^+ t * far al e (C w0) (rest w0).
Proof.
by apply: le_trans (far_run t); rewrite -(safe_run t).2; apply: far_bounds; case: (safe_run t).
Qed.
End Run.

(** The start: k > 0 says N + C < 2 + m/eta. *)
Lemma multiplier_gt0 w : (0 < k w) = (N w + C w < 2%:R + m%:R / eta).
Proof.
have m0 : 0 < m%:R :> R by rewrite ltr0n points_exist.
have -> : k w = al * (2%:R + m%:R / eta - (N w + C w)).
  by rewrite /multiplier; field; rewrite !gt_eqF.
by rewrite pmulr_rgt0 ?al_pos // subr_gt0.
Qed.

Lemma safe_start w : N w + C w < 2%:R + m%:R / eta -> e <= C w -> e <= k w ^+ 2 * C w ->
  e <= 1 - rest w / 2%:R -> safe_at w.
Proof.
rewrite -multiplier_gt0 multiplierE => k0 eC eC' er; split=> //; exact: rest_ge0.
Qed.

Lemma next_energy w : N w + C w < 2%:R + m%:R / eta -> C (next w) = k w ^+ 2 * C w.
Proof.
rewrite -multiplier_gt0 => k0; apply: energy_next => //; right; split; last exact: ltW.
have C0 := energy_ge0 kind a w; have r0 := rest_ge0 kind orth w; have h := ltW al_pos.
have h2 := ltW k0; have h3 := al_half; rewrite multiplierE in h2.
have -> : 1 - al * C w = ((1 + al * (2%:R - 2%:R * C w - rest w)) + al * rest w
   + (1 - 2%:R * al)) / 2%:R by field; rewrite pnatr_eq0 -lt0n points_exist.
by positive.
Qed.
End Wide.

Theorem gd_converges_rate : Statements.gd_converges_rate.
Proof.
move=> R m n kind a eta w0 e orth eta0 eta1 start e0 eC eC' er al q.
have m0 := points_exist eta0 (ltW eta1); rewrite wS next_energy // ?(ltW eta1) // in eC'.
have sw := safe_start orth eta0 (ltW eta1) start eC eC' er.
have h0 := al_pos eta0 (ltW eta1); have h1 := al_half eta0 (ltW eta1).
split; last by move=> t; exact: (distance_run orth eta0 (ltW eta1) e0 sw).
  by rewrite /q subr_gt0; exact: (rate_lt1 h0 h1 e0 sw).
rewrite /q lt_move lt_grow divr_gt0 ?ltr0n // mulr_gt0 //; last first.
  have mp : 0 < m%:R :> R by rewrite ltr0n.
  have -> : 1 - 2%:R * al = (m%:R / 2%:R - eta) * (2%:R / m%:R).
    by rewrite /al; field; rewrite gt_eqF.
  by rewrite mulr_gt0 ?subr_gt0 // divr_gt0 ?ltr0n.
by rewrite mulr_gt0 ?exprn_gt0.
Qed.

Lemma below_three (R : rcfType) (x y z : R) : 0 < x -> 0 < y -> 0 < z ->
  exists e, [/\ 0 < e, e <= x, e <= y & e <= z].
Proof.
move=> x0 y0 z0; have two (s t : R) : 0 < s -> 0 < t -> exists e, [/\ 0 < e, e <= s & e <= t].
  by move=> s0 t0; case: (lerP s t) => [st|/ltW st]; [exists s | exists t].
have [e [e0 ex ey]] := two _ _ x0 y0; have [f [f0 fe fz]] := two _ _ e0 z0.
by exists f; split=> //; [exact: le_trans fe ex | exact: le_trans fe ey].
Qed.

Theorem gd_converges : Statements.gd_converges.
Proof.
move=> R m n kind a eta w0 orth eta0 eta1 [i ei] r2 start; have C0 := active_energy ei.
split; last by apply: dir_minimal => //; exact: points_exist eta0 (ltW eta1).
have k0 : 0 < multiplier kind a eta w0 by rewrite multiplier_gt0 // ltW.
have t0 : 0 < 1 - rest kind a w0 / 2%:R by rewrite subr_gt0 lt_quot ?ltr0n // mul1r.
pose C1 := multiplier kind a eta w0 ^+ 2 * energy kind a w0.
have C10 : 0 < C1 by rewrite mulr_gt0 ?exprn_gt0.
have [e [e0 eC eC1 et]] := below_three C0 C10 t0.
have h := gd_converges_rate orth eta0 eta1 start e0 eC; rewrite wS next_energy // ?(ltW eta1) // in
  h.
have [q0 q1 hd] := h eC1 et.
exists (`|1 - energy kind a w0 ^+ 2| + 30%:R / ((eta / m%:R) ^+ 2 * e) * rest kind a w0).
by exists (1 - eta / m%:R * e ^+ 2 * (1 - 2%:R * (eta / m%:R)) / 3%:R); split;
  [exact: ltW | | move=> t; rewrite mulrC].
Qed.

Theorem gd_converges_ball : Statements.gd_converges_ball.
Proof.
move=> R m n kind a eta w0 orth eta0 eta1 act start; have [i ei] := act.
have C0 := active_energy ei; have m0 := points_exist eta0 (ltW eta1).
apply: (proj1 (gd_converges orth eta0 eta1 act _ _)).
  rewrite /rest lt_move; apply: (le_lt_trans _ (_ : 2%:R < _)); last by rewrite lt_grow.
  by apply: le_trans start; rewrite le_grow ltW.
by apply: (le_lt_trans start); rewrite lt_grow divr_gt0 // ltr0n.
Qed.

Theorem gd_converges_in_span : Statements.gd_converges_in_span.
Proof.
move=> R m n kind a eta w0 orth eta0 eta1 wG w00 start.
have CN : energy kind a w0 = sqnorm w0 by rewrite {2}wG sqnorm_active.
have C0 : 0 < energy kind a w0 by rewrite CN sqnorm_gt0.
have -> : normalised w0 = gd_direction kind a w0 by rewrite /gd_direction -wG.
have m0 : 0 < m%:R :> R by rewrite ltr0n (points_exist eta0 (ltW eta1)).
apply: (proj1 (gd_converges orth eta0 eta1 _ _ _)).
- case: (pickP (eligible kind a w0)) => [i ei|no]; first by exists i.
  by move: C0; rewrite inactive_energy ?ltxx // => i; rewrite no.
- by rewrite /rest CN subrr ltr0n.
have -> : 2%:R + m%:R / eta = 2%:R * (1 + m%:R / (2%:R * eta)) by field; rewrite gt_eqF.
have -> : sqnorm w0 + energy kind a w0 = 2%:R * sqnorm w0 by rewrite CN; ring.
by rewrite -subr_gt0 -mulrBr pmulr_rgt0 ?ltr0n // subr_gt0.
Qed.
