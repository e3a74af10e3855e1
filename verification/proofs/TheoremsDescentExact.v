(** One step of gradient descent exactly: correlations, the rates at a minimum, and the interval
    |w|^2 <= 1 + m/eta, which the cubic z -> z (1 + p - p z)^2 maps into itself for p = 2 eta/m <=
    2. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange GDOrder GDNorm.
From Whichmin Require Import TheoremsDescentLimit GDStep TheoremsDescentRay Points Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem gd_ratios : Statements.gd_ratios.
Proof.
move=> R m n kind a eta w i orth.
rewrite gd_weights1 (corr_step kind orth) inE full_shrink full_gain eligibleE.
case: eqVneq => [-> | p0]; first by rewrite mulr0 addr0.
have -> : phi kind (corr a w i) = corr a w i.
  by move: p0; rewrite /phi; case: (kind) => //; case: ifP => //; rewrite eqxx.
rewrite /=; move: (corr a w i) (sqnorm w) (energy _ _ _) (eta / m%:R) => c N C al.
by ring.
Qed.

Theorem gd_flips : Statements.gd_flips.
Proof.
move=> R m n a eta w0 i orth eta0 long; rewrite gd_ratios // /eligible.
have m0 : 0 < m%:R :> R by rewrite ltr0n; case: (i) => k; apply: leq_ltn_trans.
have [->|c0] := eqVneq (corr a w0 i) 0; first by rewrite mulr0 sgr0 oppr0.
have k0 : 1 - eta / m%:R * (sqnorm w0 + energy Linear a w0 - 2%:R) < 0.
  have -> : 1 - eta / m%:R * (sqnorm w0 + energy Linear a w0 - 2%:R) =
     - (eta / m%:R * (sqnorm w0 + energy Linear a w0 - (2%:R + m%:R / eta))).
    by field; rewrite !gt_eqF.
  by rewrite oppr_lt0 mulr_gt0 ?subr_gt0 // divr_gt0.
by rewrite sgrM (ltr0_sg k0) mulN1r.
Qed.

Lemma interval_kept (R : rcfType) (p z : R) : 0 < p -> p <= 2%:R -> 0 <= z -> z <= 1 + 2%:R / p ->
  (1 + p * (1 - z)) ^+ 2 * z <= 1 + 2%:R / p.
Proof.
move=> p0 p2 z0 zle; have y0 : 0 <= p * (1 + 2%:R / p - z) by rewrite mulr_ge0 ?subr_ge0 // ltW.
have pi : 0 <= p^-1 by rewrite invr_ge0 ltW.
pose y := p * (1 + 2%:R / p - z); have h := ltW p0; rewrite -/y in y0.
rewrite -subr_ge0; set D := (X in 0 <= X).
have -> : D = p^-1 * (y * ((y - (p + 4%:R) / 2%:R) ^+ 2 + (2%:R - p) * (2%:R + p) / 4%:R)).
  by rewrite /D /y; field; rewrite gt_eqF.
by positive.
Qed.

Theorem gd_bounded : Statements.gd_bounded.
Proof.
move=> R m n a eta w0 orth eta0 eta1 wG N0 t.
have mp : 0 < m%:R :> R := lt_le_trans eta0 eta1.
have lin r : Linear = Linear \/ 0 <= r :> R by left.
have pE : m%:R / eta = 2%:R / (2%:R * eta / m%:R) :> R by field; rewrite !gt_eqF.
suff [] : gd_weights Linear a eta w0 t = active_part Linear a (gd_weights Linear a eta w0 t) /\
  sqnorm (gd_weights Linear a eta w0 t) <= 1 + m%:R / eta by [].
elim: t => // t [IH1 IH2]; rewrite gd_weightsS (span_next _ orth IH1).
split; first exact: (span_scale (lin _) IH1).
rewrite sqnormZ pE; rewrite pE in IH2.
have p0 : 0 < 2%:R * eta / m%:R by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
apply: interval_kept => //; last exact: sqnorm_ge0.
rewrite -subr_ge0; have -> : 2%:R - 2%:R * eta / m%:R = (m%:R - eta) * (2%:R / m%:R).
  by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // divr_ge0 ?ler0n.
Qed.

Theorem gd_radial_rate : Statements.gd_radial_rate.
Proof.
move=> R m n kind a eta d w orth wmin ok al; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w).1 wmin.
rewrite gd_weights1 (ray_next _ orth) // /cubic -(mulrA 2%:R) -/al; congr (_ *: _).
by move: al => A; ring.
Qed.

Theorem gd_off_span_rate : Statements.gd_off_span_rate.
Proof.
move=> R m n kind a eta w h orth wmin hyp al; have m0 := minimum_points wmin.
have [N1 wG] := (minima kind orth m0 w).1 wmin.
have cw i : corr a w i = phi kind (corr a w i) by rewrite {1}wG corr_active.
have ph i : phi kind (corr a (w + h) i) = phi kind (corr a w i).
  rewrite corrD; case: (hyp i) => [->|[kE ni hi]]; first by rewrite addr0.
  have c0 : corr a w i = 0.
    by move: ni; rewrite eligibleE negbK -kE -cw => /eqP.
  rewrite c0 add0r /phi kE; case: (lerP 0 (corr a h i)) => h0; rewrite lexx //.
  by apply/eqP; rewrite eq_le hi h0.
have C1 : energy kind a (w + h) = 1.
  by rewrite -N1 [in RHS]wG (sqnorm_active kind orth) /energy; apply: eq_bigr => j _; rewrite ph.
have G1 : \sum_(i in [set: 'I_m]) phi kind (corr a (w + h) i) *: a i = w.
  by rewrite [RHS]wG; apply: eq_big => [i|i _]; rewrite ?inE // ph.
have wh : dot w h = 0.
  rewrite wG dot_suml big1 // => i _; rewrite dotZl (dotC (a i)) -/(corr a h i).
  case: (hyp i) => [->|[kE ni _]]; first by rewrite mulr0.
  by move: ni; rewrite eligibleE negbK -kE => /eqP ->; rewrite mul0r.
have N2 : sqnorm (w + h) = 1 + sqnorm h by rewrite sqnormD N1 wh mulr0 addr0.
rewrite gd_weights1 step_closed full_shrink full_gain C1 G1 N2 -/al.
apply/rowP => k; rewrite !mxE; move: (w 0 k) (h 0 k) (sqnorm h) al => x y N al'; ring.
Qed.
