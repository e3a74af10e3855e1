(** Full-batch gradient descent: ratios are constant, the energy grows, and the weights converge to
    the normalised active part of the start, at an explicit linear rate. Linear and ReLU. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma region_scalar (R : realFieldType) (al C r u : R) :
  0 <= al -> 0 <= 4%:R^-1 - al -> 0 <= C -> 0 <= r -> 0 <= u -> u = 2%:R - 2%:R * C - r ->
  (1 - al * C) ^+ 2 * r + 2%:R * ((1 + al * u) ^+ 2 * C) <= 2%:R.
Proof.
move=> a0 a1 C0 r0 u0 uE.
have -> : 2%:R = u + 2%:R * C + r by rewrite uE; ring.
pose k := 4%:R * C * (4%:R^-1 - al) + 2%:R * u * C * ((4%:R^-1 - al) * (4%:R^-1 + al))
  + 3%:R * u / 8%:R + r / 2%:R + u ^+ 2 / 16%:R + u * r / 16%:R.
have k0 : 0 <= k by rewrite /k; positive.
pose l := 7%:R / 4%:R + (u + r) / 8%:R + (4%:R^-1 - al) * C.
have l0 : 0 <= l by rewrite /l; positive.
rewrite -subr_ge0; set d := (X in 0 <= X).
have -> : d = u * k + al * C * r * l by rewrite /d /k /l uE; field.
by positive.
Qed.

Section GD.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).
Local Notation rest := (rest kind a).
Variable eta : R.
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= m%:R / 4%:R).

Definition gd t w := iter t (step kind a eta [set: 'I_m]) w.
Local Notation next := (step kind a eta [set: 'I_m]).
Let al := eta / m%:R.
Let u w := 2%:R - N w - C w.

Lemma al_gt0 : 0 < al. Proof. by rewrite divr_gt0 // ltr0n. Qed.
Lemma al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.
Lemma al_le : al <= 4%:R^-1.
Proof.
have mp : 0 < m%:R :> R by rewrite ltr0n.
have mi : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ltW.
rewrite /al -subr_ge0.
have -> : 4%:R^-1 - eta / m%:R = (m%:R / 4%:R - eta) * m%:R^-1 by field; rewrite gt_eqF.
by rewrite mulr_ge0 // subr_ge0.
Qed.

Lemma full_energy w : batch_energy kind a [set: 'I_m] w = C w.
Proof. by apply: eq_bigl => i; rewrite inE. Qed.
Lemma full_shrink w : shrink kind a eta [set: 'I_m] w = 1 - al * C w.
Proof. by rewrite /shrink full_energy cardsT card_ord. Qed.
Lemma full_gain w : gain eta [set: 'I_m] w = al * (2%:R - N w).
Proof. by rewrite /gain cardsT card_ord. Qed.

Lemma phi_affine s g t : 0 <= s -> 0 <= s + g -> phi (s * t + g * phi t) = (s + g) * phi t.
Proof.
move=> s0 sg0; rewrite -(phi_hom kind t sg0) mulrDl.
have : phi t = t \/ g * phi t = 0 /\ phi t = 0.
  by rewrite /Definitions.phi; case: kind; [left | case: ifP => _; [left | right; rewrite mulr0]].
case=> [-> //|[-> p0]]; rewrite addr0 phi_hom // p0 mulr0.
by rewrite -mulrDl phi_hom // p0 mulr0.
Qed.

(** The scalar recursion of energy and rest, with x = al u, and what it keeps. *)
Definition region w := N w + C w <= 2%:R.

Section OneStep.
Variable w : 'rV[R]_n.
Hypothesis w_in : region w.

Lemma u_ge0 : 0 <= u w.
Proof. by rewrite /u; cert (2%:R - (N w + C w)). Qed.
Lemma energy_le1 : C w <= 1.
Proof.
have u0 := u_ge0; have R0 := rest_ge0 kind a_orth w.
have -> : C w = 1 - (u w + rest w) / 2%:R by rewrite /u /Definitions.rest; field.
by cert ((u w + rest w) / 2%:R).
Qed.
Lemma shrink_ge : 3%:R / 4%:R <= 1 - al * C w.
Proof.
have := al_ge0; have := al_le; have := energy_le1 => E1 h1 h0.
have h2 : 0 <= 4%:R^-1 - al by rewrite subr_ge0.
by cert (al * (1 - C w) + (4%:R^-1 - al)).
Qed.
Lemma shrink_ge0 : 0 <= 1 - al * C w.
Proof. by apply: le_trans shrink_ge; positive. Qed.
Lemma growth_ge1 : 1 <= 1 + al * u w.
Proof. by have := al_ge0; have := u_ge0 => u0 h; cert (al * u w). Qed.

(** Every active correlation is multiplied by the same factor; inactive ones stay inactive. *)
Theorem phi_step j : phi (c (next w) j) = (1 + al * u w) * phi (c w j).
Proof.
have kE : 1 + al * u w = (1 - al * C w) + al * (2%:R - N w) by rewrite /u; ring.
rewrite (corr_step kind a_orth) inE full_shrink full_gain phi_affine -?kE //.
  exact: shrink_ge0.
exact: le_trans ler01 growth_ge1.
Qed.

Lemma active_step : G (next w) = (1 + al * u w) *: G w.
Proof. by rewrite /active_part scaler_sumr; apply: eq_bigr => j _; rewrite phi_step scalerA. Qed.

Lemma energy_step : C (next w) = (1 + al * u w) ^+ 2 * C w.
Proof. by rewrite -!(sqnorm_active kind a_orth) active_step sqnormZ. Qed.

Lemma rest_step : rest (next w) = (1 - al * C w) ^+ 2 * rest w.
Proof.
rewrite /Definitions.rest energy_step (sqnorm_step kind a_orth) full_energy full_shrink full_gain /u.
by move: (N w) (C w) al => N' C' al'; ring.
Qed.

Theorem energy_grows : C w <= C (next w).
Proof.
have C0 := energy_ge0 kind a w; have u0 := u_ge0; have h := al_ge0; rewrite energy_step.
by cert (C w * (2%:R * (al * u w) + (al * u w) ^+ 2)).
Qed.

Theorem region_kept : region (next w).
Proof.
have C0 := energy_ge0 kind a w; have u0 := u_ge0; have h := al_ge0.
have h1 : 0 <= 4%:R^-1 - al by rewrite subr_ge0 al_le.
have R0 := rest_ge0 kind a_orth w.
have uE : u w = 2%:R - 2%:R * C w - rest w by rewrite /u /Definitions.rest; ring.
rewrite /region.
have -> : N (next w) + C (next w) = rest (next w) + 2%:R * C (next w) by rewrite /Definitions.rest; ring.
by rewrite rest_step energy_step region_scalar.
Qed.

(** Distance to the minima, contracted by every step. *)
Lemma contraction k : 0 < k -> k <= C w ->
  (1 - C (next w)) + 4%:R / k * rest (next w) <=
  (1 - al * k / 2%:R) * ((1 - C w) + 4%:R / k * rest w).
Proof.
move=> k0 kC; have C0 := energy_ge0 kind a w; have u0 := u_ge0; have h := al_ge0.
have R0 := rest_ge0 kind a_orth w; have E1 := energy_le1; have h1 := al_le.
have ki : 0 <= k^-1 by rewrite invr_ge0 ltW.
have k1 := le_trans kC E1; have k0' := ltW k0.
have uE : u w = 2%:R * (1 - C w) - rest w by rewrite /u /Definitions.rest; ring.
rewrite rest_step energy_step.
have b1 : 1 - (1 + al * u w) ^+ 2 * C w <= (1 - 4%:R * al * k) * (1 - C w) + 2%:R * al * rest w.
  rewrite -subr_ge0; set d := (X in 0 <= X).
  have -> : d = (al * u w) ^+ 2 * C w + 4%:R * al * (C w - k) * (1 - C w)
    + 2%:R * al * (1 - C w) * rest w by rewrite /d uE; ring.
  by positive.
have b2 : (1 - al * C w) ^+ 2 * rest w <= (1 - al * k) * rest w.
  have s0 := shrink_ge0.
  apply: mul_le => //; first exact: sqr_ge0.
  by cert ((1 - al * C w) * (al * C w) + al * (C w - k)).
apply: (@le_trans _ _ ((1 - 4%:R * al * k) * (1 - C w) + 2%:R * al * rest w
   + 4%:R / k * ((1 - al * k) * rest w))).
  by apply: add_le => //; apply: mul_le => //; positive.
rewrite -subr_ge0; set d := (X in 0 <= X).
have -> : d = 7%:R / 2%:R * (al * k) * (1 - C w) by rewrite /d; field; rewrite gt_eqF.
by positive.
Qed.
End OneStep.

(** ** The whole run *)
Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : region w0) (w0_active : 0 < C w0).

Lemma gdS t : gd t.+1 w0 = next (gd t w0).
Proof. by []. Qed.

Lemma gd_region t : region (gd t w0).
Proof. by elim: t => // t IH; rewrite gdS; exact: region_kept. Qed.

(** The energy never falls. *)
Theorem gd_energy_grows t : C (gd t w0) <= C (gd t.+1 w0).
Proof. by rewrite gdS; apply: energy_grows; exact: gd_region. Qed.

Lemma gd_energy_ge t : C w0 <= C (gd t w0).
Proof. by elim: t => // t IH; exact: le_trans IH (gd_energy_grows t). Qed.

(** Ratios of active correlations are those of the start. *)
Theorem gd_ratios t : exists2 k, 1 <= k & forall j, phi (c (gd t w0) j) = k * phi (c w0 j).
Proof.
elim: t => [|t [k k1 IH]]; first by exists 1 => // j; rewrite mul1r.
have g1 := growth_ge1 (gd_region t); exists ((1 + al * u (gd t w0)) * k) => [|j].
  by rewrite -[X in X <= _](mulr1 1); apply: mul_le => //; exact: ler01.
by rewrite gdS (phi_step (gd_region t)) IH mulrA.
Qed.

Definition rate := 1 - al * C w0 / 2%:R.

Lemma gd_distance t : (1 - C (gd t w0)) + 4%:R / C w0 * rest (gd t w0) <=
  rate ^+ t * ((1 - C w0) + 4%:R / C w0 * rest w0).
Proof.
have r0 : 0 <= rate.
  have E1 := energy_le1 w0_in; have h := al_ge0; have h1 := al_le; have C0 := ltW w0_active.
  by rewrite /rate; cert (7%:R / 8%:R + al * (1 - C w0) / 2%:R + (4%:R^-1 - al) / 2%:R).
elim: t => [|t IH]; first by rewrite expr0 mul1r.
rewrite gdS; apply: le_trans (contraction (gd_region t) w0_active (gd_energy_ge t)) _.
rewrite -/rate exprS -(mulrA rate); apply: mul_le => //.
have k0 : 0 <= (C w0)^-1 by rewrite invr_ge0 ltW.
have R0 := rest_ge0 kind a_orth (gd t w0); have E1 := energy_le1 (gd_region t).
by positive.
Qed.

(** Gradient descent converges to the normalised active part of w0, at this rate. [r] is the norm
    of that part; a field need not have roots, so it is given. *)
Theorem gd_limit r t : 0 < r -> r ^+ 2 = C w0 ->
  N (gd t w0 - r^-1 *: G w0) <= rate ^+ t * ((1 - C w0) + 4%:R / C w0 * rest w0).
Proof.
move=> r0 rE; apply: le_trans (gd_distance t).
have [k k1 kE] := gd_ratios t; set w := gd t w0; have w_in := gd_region t : region w.
have kp : 0 < k := lt_le_trans ltr01 k1.
have Gw : G w = k *: G w0.
  by rewrite /active_part scaler_sumr; apply: eq_bigr => j _; rewrite kE scalerA.
have Cw : C w = (k * r) ^+ 2.
  by rewrite -(sqnorm_active kind a_orth) Gw sqnormZ (sqnorm_active kind a_orth) exprMn rE.
have wG : dot w (G w0) = k * r ^+ 2.
  have : k * dot w (G w0) = C w.
    rewrite -dotZr -Gw dot_sumr; apply: eq_bigr => j _.
    by rewrite dotZr mulrC -/(corr a w j) phi_self.
  rewrite Cw exprMn expr2 -mulrA => /(mulfI _) -> //; by rewrite gt_eqF.
have kr0 : 0 <= k * r by rewrite mulr_ge0 ?ltW.
have kr1 : k * r <= 1.
  rewrite leNgt; apply/negP => big; have := energy_le1 w_in; rewrite Cw leNgt => /negP; apply.
  by apply: (lt_le_trans big); cert (k * r * (k * r - 1)); rewrite subr_ge0 ltW.
have -> : N (w - r^-1 *: G w0) = rest w + (1 - k * r) ^+ 2.
  rewrite sqnormB dotZr sqnormZ (sqnorm_active kind a_orth) wG -rE /Definitions.rest Cw.
  by field; rewrite gt_eqF.
have R0 : 0 <= rest w := rest_ge0 kind a_orth w.
have C1 : 1 <= 4%:R / C w0.
  have E1 := energy_le1 w0_in.
  have -> : 4%:R / C w0 = 1 + ((1 - C w0) + 3%:R) / C w0 by field; rewrite gt_eqF.
  have k0 : 0 <= (C w0)^-1 by rewrite invr_ge0 ltW.
  by cert (((1 - C w0) + 3%:R) / C w0).
rewrite addrC Cw; apply: add_le; first by cert (2%:R * (k * r) * (1 - k * r)).
by rewrite -[X in X <= _]mul1r; apply: mul_le => //; exact: ler01.
Qed.
End GD.

(** The iterates of the step on all points are gradient descent on the loss. *)
Lemma gd_weightsE (R : realFieldType) (m n : nat) kind (a : 'I_m -> 'rV[R]_n) eta w0 t :
  gd_weights kind a eta w0 t = gd kind a eta t w0.
Proof.
elim: t => // t IH; rewrite /gd iterS -/(gd kind a eta t w0) -IH /= /step /gradient cardsT card_ord.
rewrite scalerA; congr (_ - _ *: _).
by apply: eq_bigl => i; rewrite inE.
Qed.
