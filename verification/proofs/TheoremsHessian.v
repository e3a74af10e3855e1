(** The statements of [Statements], each proved; after each the kernel's list of assumptions. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Exchange Sylvester HessianSpectrum.
From Whichmin Require Import HessianPoly HessianTop Sharpness HessianKinks OneSided TwiceDiff.
From Whichmin Require Import RunTrace GD SinglePoint FullBatch Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem curvature_is_slope : Statements.curvature_is_slope.
Proof.
move=> R kind kappa t s; split; [exact: phi_slope | move=> s0 | move=> s0 | exact: phi_sqr_taylor].
  by rewrite phi0 add0r phi_kink; case: (ltrgtP 0 s) s0 => // <- _; rewrite !mulr0.
by rewrite phi0 add0r phi_kink ltNge s0.
Qed.

Theorem hessian_kappa_linear : Statements.hessian_kappa_linear.
Proof. by move=> R m n a kappa w; exact: hessian_kappa_of_linear. Qed.

Theorem one_sided_hessians : Statements.one_sided_hessians.
Proof.
move=> R m n kind a w orth; split; first by move=> e; exact: one_sided.
- exact: forward_derivative.
- exact: backward_derivative.
exact: half_is_mean.
Qed.

Theorem twice_differentiable : Statements.twice_differentiable.
Proof.
move=> R m n kind a w orth; split=> [|H der kappa]; last exact: derivative_unique.
split=> [[H]|smooth]; first exact: derivative_smooth.
by exists (hessian_kappa kind a 0 w); exact: smooth_derivative.
Qed.

Theorem hessian_kappa_trace : Statements.hessian_kappa_trace.
Proof. by move=> R m n kind a kappa w orth w_min; exact: trace_at_minimum. Qed.

Theorem hessian_kappa_spectrum : Statements.hessian_kappa_spectrum.
Proof.
move=> R m n kind a kappa w orth w_min k.
rewrite (count_gt0 orth w_min) count_le (points_le_dimension orth); do 2 split=> //.
by rewrite (char_poly_at_minimum orth kappa w_min) subn1.
Qed.

Theorem top_eigenvalue : Statements.top_eigenvalue.
Proof.
move=> R m n kind a kappa w orth w_min k0 k1 H; split.
- exact: hessian_kappa_sym.
- by move=> h; rewrite rayleigh_ge0 ?rayleigh_le.
- exact: eigenvector.
- exact: top_is_eigenvalue.
move=> l el; have l0 := eigenvalue_ge0 orth w_min k1 el.
by case: (eigenvalue_split orth w_min k0 el) => l1; [left | right; rewrite l0].
Qed.

Theorem sharpness_gap : Statements.sharpness_gap.
Proof.
move=> R m n kind a kappa w i orth w_min k gap.
have m0 : (0 < m)%N := points_exist w_min.
have q0 : 0 < m%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have gapE : gap = if kind is Relu then (1 - kappa) * (k%:R - 1) / m%:R else 0.
  rewrite /gap (trace_at_minimum orth w_min) -{1}[a i]scale1r (point_trace _ orth); last by left.
  rewrite /k /active_count; case: (kind); rewrite -mulrBl; last by congr (_ / _); ring.
  by apply/eqP; rewrite mulf_eq0; apply/orP; left; apply/eqP; ring.
split=> // kR k1; rewrite gapE kR -mulrA pmulr_rgt0 ?subr_gt0 //.
by rewrite -(ltr_nat R) -(subr_gt0 1) pmulr_lgt0.
Qed.

Theorem mean_hessian_trace : Statements.mean_hessian_trace.
Proof.
move=> R m n a w i orth w_min k; have m0 : (0 < m)%N := points_exist w_min.
have mz : m%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
split; first by rewrite (trace_at_minimum orth w_min) /active_count -/k; field.
by rewrite -{1}[a i]scale1r (point_trace _ orth); [field | left].
Qed.

Theorem gd_limit_trace : Statements.gd_limit_trace.
Proof.
move=> R m n kind a eta w0 arch orth eta0 eta1 start some v k.
have m0 := some_point some; have s0 := scale_gt0 some; have u1 := unit_end some.
have v_min := minimum_normalised orth m0 s0 u1; have kE := count_normalised kind orth w0 s0.
split=> //; first exact: descent_converges.
  by move=> i; rewrite eligibleE; exact: active_normalised.
by move=> kappa; rewrite (trace_at_minimum orth v_min) kE.
Qed.

Theorem data_point_trace : Statements.data_point_trace.
Proof.
move=> R m n kind a i v orth v_point; have [s vE sE] : exists2 s, v = s *: a i & s = 1 \/
    (kind = Linear /\ s = -1).
  by case: v_point => [->|[kE ->]]; [exists 1 | exists (-1)]; rewrite ?scale1r ?scaleN1r //;
     [left | right].
rewrite vE; split; first exact: point_minimal.
by move=> kappa; exact: point_trace.
Qed.

Lemma signed_is_point (R : realFieldType) m n kind (a : 'I_m -> 'rV[R]_n) w0 i :
  eligible kind a w0 i -> Num.sg (corr a w0 i) *: a i = a i \/
    (kind = Linear /\ Num.sg (corr a w0 i) *: a i = - a i).
Proof.
rewrite /eligible => /sign_eligible[->|[kE ->]]; first by left; rewrite scale1r.
by right; rewrite scaleN1r.
Qed.

Theorem sharpness_theorem : Statements.sharpness_theorem.
Proof.
move=> R m n b kind a eta eta' w0 arch orth eta0 eta1 b0 bm eta'0 eta'1 N1 start some k trace top.
have [conv v_min _ kE v_trace] := gd_limit_trace arch orth eta0 eta1 start some.
have point i : eligible kind a w0 i -> _ := fun ei =>
  data_point_trace orth (signed_is_point ei).
set v := _ *: _ in conv v_min kE v_trace; exists v.
have m_top w kappa : loss kind a w = min_loss R m -> - 3%:R <= kappa -> top kappa w (4%:R / m%:R).
  move=> w_min k3; split; first exact: top_is_eigenvalue.
  by move=> l'; exact: eigenvalue_le_top.
split=> //.
- split=> [e p e0 p0|i ei]; first exact: sgd_ends_at_one_point.
  by case: (point i ei).
- move=> kappa i ei; have [_ /(_ kappa)] := point i ei; have := v_trace kappa.
  rewrite -/(trace kappa v) -/(trace kappa _) => -> {point v_trace}.
  rewrite /k /active_count; case: (kind) => ->; last first.
    by split=> //; rewrite -mulrBl; congr (_ / _); ring.
  by split=> //; congr (_ / _); ring.
move=> kappa i k3 ei; split; apply: m_top => //.
by case: (point i ei).
Qed.

(** The slopes of the start, counted. *)
Lemma sum_slopes (R : realFieldType) m n kind (a : 'I_m -> 'rV[R]_n) (kappa : R) w :
  \sum_i curvature kind kappa (corr a w i) = if kind is Relu
    then #|[set i | 0 < corr a w i]|%:R + kappa * #|[set i | corr a w i == 0]|%:R else m%:R.
Proof.
case: kind; first by rewrite sumr_const card_ord.
have count (P : pred 'I_m) : \sum_i (if P i then 1 else 0) = #|P|%:R :> R.
  by rewrite -big_mkcond sumr_const.
rewrite (eq_bigr (fun i => (if 0 < corr a w i then 1 else 0) +
   kappa * (if corr a w i == 0 then 1 else 0))) => [|i _].
  rewrite big_split /= -mulr_sumr (count (fun i => 0 < corr a w i)).
  rewrite (count (fun i => corr a w i == 0)).
  by congr (_%:R + _ * _%:R); apply: eq_card => i; rewrite inE.
rewrite /curvature eq_sym; case: (ltrgtP 0 (corr a w i)) => _; rewrite ?mulr0 ?mulr1 ?addr0 //.
by rewrite add0r.
Qed.

Theorem traces_along_the_runs : Statements.traces_along_the_runs.
Proof.
move=> R m n b kind a eta eta' w0 kappa arch orth eta0 eta1 b0 bm eta'0 eta'1 N1 start some k z.
move=> slopes limit off.
have [conv v_min _ _ _] := gd_limit_trace arch orth eta0 eta1 start some.
have lE : limit = (n%:R + 4%:R - \sum_i curvature kind kappa (corr a w0 i)) / m%:R.
  by rewrite /limit /slopes sum_slopes.
split=> [e e0|e p e0 p0].
  have [d d0 near] := near_trace kind orth kappa w0 e0; have [T close] := conv _ d0.
  exists T => t tT; rewrite /off -leNgt lE; apply: near (v_min) _ (close _ tT).
  exact: gd_signs orth _ _ (some_point some) eta0 eta1 start.
have [d d0 near] := near_trace kind orth kappa w0 e0.
have [T0 h] := sgd_ends_at_one_point arch orth (conj b0 bm) (conj eta'0 eta'1) N1 some d0 p0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => Bs.
apply: contraL => /existsP[i /andP[ei close]]; apply/hasPn => w wi.
have [v'_min _] := data_point_trace orth (signed_is_point ei).
rewrite /off -leNgt lE; apply: near v'_min _ _; last exact: (allP close).
exact: sgd_signs (mem_drop wi).
Qed.

Theorem sharpness_hypotheses_met : Statements.sharpness_hypotheses_met.
Proof.
move=> R kind; pose a := fun i : 'I_2 => delta_mx 0 i : 'rV[R]_2.
pose w0 : 'rV[R]_2 := 2%:R^-1 *: (a ord0 + a ord_max).
have half : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have c i : phi kind (corr a w0 i) = 2%:R^-1 by exact: start_corr.
have el i : eligible kind a w0 i by rewrite eligibleE c gt_eqF.
have N0 : sqnorm w0 = 2%:R^-1.
  by rewrite sqnormZ sqnormD /sqnorm !(unit_vectors R) /=; field.
have C0 : energy kind a w0 = 2%:R^-1 by rewrite /energy 2!big_ord_recl big_ord0 !c; field.
exists a, w0; split; first exact: unit_vectors.
split; first by rewrite invr_gt0 ltr0n.
split; first by cert (3%:R / 10%:R : R).
do 2 (split; first by []); split; first by rewrite divr1.
split; first by rewrite N0; cert (11%:R / 20%:R : R).
split; first by rewrite N0 C0; cert (1 : R).
split=> //; rewrite /active_count; move: c {el C0}; case: kind => // c.
rewrite (_ : [set i | _] = setT) ?cardsT ?card_ord //; apply/setP => i; rewrite !inE.
by rewrite -phi_relu_gt0 c half.
Qed.

Theorem active_start_needed : Statements.active_start_needed.
Proof.
move=> R m n kind a w0 orth none.
have p0 i : phi kind (corr a w0 i) = 0 by have := none i; rewrite eligibleE negbK => /eqP.
have g0 i : sample_gradient kind a i w0 = 0.
  by rewrite /sample_gradient p0 mulr0 expr0n !scale0r addr0.
have stay eta B : step kind a eta B w0 = w0.
  by rewrite /step big1 ?scaler0 ?subr0.
split=> [eta t|eta b B|]; last 1 first.
- case: (posnP m) => [m0|m0]; first by apply/eqP => /points_exist; rewrite m0.
  rewrite (loss_closed kind orth m0) /min_loss.
  have -> : energy kind a w0 = 0 by rewrite /energy big1 // => i _; rewrite p0 expr0n.
  rewrite mulr0 mul0r addr0 -subr_eq0 opprB addrC subrK invr_eq0.
  by rewrite mulf_neq0 ?pnatr_eq0 // -lt0n.
- by rewrite gd_weightsE; elim: t => // t IH; rewrite gdS IH stay.
exact: stay.
Qed.

Theorem kappa_range_needed : Statements.kappa_range_needed.
Proof.
move=> R m n a kappa i orth m1 H; have m0 : (0 < m)%N := ltnW m1.
have q0 : 0 < m%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have el : eigenvalue H ((1 - kappa) / m%:R).
  have i_min := data_point_minimal Relu orth m0 i.
  rewrite eigenvalue_root_char (char_poly_at_minimum orth kappa i_min).
  have -> : active_count Relu a (a i) = 1%N.
    by rewrite -[a i]scale1r (point_count i orth) //; left.
  rewrite /root !hornerM !horner_exp !hornerXsubC subrr expr0n subn_eq0 leqNgt m1 /=.
  by rewrite mulr0 mul0r.
split=> // k1; exists ((1 - kappa) / m%:R) => //.
  by rewrite pmulr_llt0 // subr_lt0.
rewrite -subr_gt0 -mulrBl mulr_gt0 //; have -> : 1 - kappa - 4%:R = - 3%:R - kappa by ring.
by rewrite subr_gt0.
Qed.
