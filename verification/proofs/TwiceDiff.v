(** Where the one-sided Hessians are one: cones, kappa = 1/2, and the points at which the loss is
    twice differentiable. Idea: the one-sided Hessian and that of kappa agree on h as soon as they
    do in each term of the sum over the kinks. A derivative of the gradient must agree with the
    one-sided one along each ray, and at a kink of a_i the one-sided ones towards a_i and -a_i
    differ by (|w|^2 - 2)/m a_i. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape HessianSpectrum HessianKinks OneSided Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section TwiceDiff.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).
Local Notation grad := (gradient kind a).
Local Notation towards := (hessian_towards kind a).
Variable w : 'rV[R]_n.

(** The two Hessians agree on h if they do at every kink. *)
Lemma towards_agree kappa h :
  (forall i, c w i = 0 -> (if 0 < c h i then 1 else 0) * c h i = kappa * c h i) ->
  h *m towards w h = h *m hessian_kappa kind a kappa w.
Proof.
move=> agree; rewrite !mul_weighted; congr (_ *: _).
rewrite (eq_bigr (fun i => (curvature kind kappa (c w i) * c h i) *: a i)) // => i _.
congr (_ *: _); rewrite /curvature; case: kind => //.
by case: eqP => [/agree|].
Qed.

Lemma forward_derivative : is_derivative_on (fun h => forall i, c w i = 0 -> 0 <= c h i)
  grad w (hessian_kappa kind a 1 w).
Proof.
move=> e e0; have [d d0 near] := one_sided kind a_orth w e0; exists d => // h cone hd.
rewrite -towards_agree; first exact: near.
move=> i /cone; rewrite le_eqVlt => /orP[/eqP <-|->] //; by rewrite !mulr0.
Qed.

Lemma backward_derivative : is_derivative_on (fun h => forall i, c w i = 0 -> c h i <= 0)
  grad w (hessian_kappa kind a 0 w).
Proof.
move=> e e0; have [d d0 near] := one_sided kind a_orth w e0; exists d => // h cone hd.
rewrite -towards_agree; first exact: near.
by move=> i /cone; rewrite leNgt => /negbTE ->.
Qed.

(** kappa = 1/2 is the mean. *)
Lemma half_is_mean : hessian_kappa kind a 2%:R^-1 w =
  2%:R^-1 *: (hessian_kappa kind a 1 w + hessian_kappa kind a 0 w).
Proof.
rewrite /hessian_kappa /weighted_hessian.
rewrite (eq_bigr (fun i => 2%:R^-1 *: (curvature kind 1 (c w i) *: outer (a i) (a i) +
   curvature kind 0 (c w i) *: outer (a i) (a i)))); last first.
  move=> i _; rewrite -scalerDl scalerA; congr (_ *: _); rewrite /curvature.
  by case: kind; [field | case: ifP => _; [|case: ifP => _]; field].
rewrite -scaler_sumr big_split /=.
move: (\sum_i _) (\sum_i _) (outer _ _ + _) => S T U.
move: (m%:R^-1) (sqnorm w) (energy kind a w) => q Nw Cw.
apply/matrixP => i j; rewrite !mxE; case: (i == j); rewrite ?mulr1n ?mulr0n.
  by move: (S i j) (T i j) (U i j) => s t u; field.
by move: (S i j) (T i j) (U i j) => s t u; field.
Qed.

(** At no kink, or for |w|^2 = 2, every kappa gives the derivative. *)
Lemma smooth_agree kappa h : ~~ at_kink kind a w \/ N w = 2%:R ->
  h *m towards w h = h *m hessian_kappa kind a kappa w.
Proof.
case=> [smooth|N2]; last by rewrite !mul_weighted N2 subrr !scale0r.
rewrite !mul_weighted; congr (_ *: _).
rewrite (eq_bigr (fun i => (curvature kind kappa (c w i) * c h i) *: a i)) // => i _.
congr (_ *: _); move: smooth; rewrite /at_kink /curvature; case: kind => //.
by rewrite negb_exists => /forallP /(_ i) /negbTE ->.
Qed.

Lemma smooth_derivative kappa : ~~ at_kink kind a w \/ N w = 2%:R ->
  is_derivative grad w (hessian_kappa kind a kappa w).
Proof.
move=> smooth e e0; have [d d0 near] := one_sided kind a_orth w e0; exists d => // h hd.
by have := near h hd; rewrite (smooth_agree kappa h smooth).
Qed.

(** The side does not depend on the length of h. *)
Lemma towards_scale t h : 0 < t -> towards w (t *: h) = towards w h.
Proof.
move=> t0; rewrite /hessian_towards /weighted_hessian.
rewrite (eq_bigr (fun i => curvature kind (if 0 < c h i then 1 else 0) (c w i)
  *: outer (a i) (a i))) // => i _.
by rewrite /(corr a (_ *: _)) dotZl pmulr_rgt0.
Qed.

(** A derivative agrees with the one-sided one along every ray. *)
Lemma derivative_towards H h : is_derivative grad w H -> h *m H = h *m towards w h.
Proof.
move=> der; apply/eqP; rewrite -subr_eq0 -sqnorm_eq0; set x := _ - _.
rewrite eq_le sqnorm_ge0 andbT leNgt; apply/negP => x0.
have H0 := sqnorm_ge0 h; have H1 : 0 < N h + 1 by rewrite (lt_le_trans ltr01) // -subr_ge0 addrK.
pose e := N x / (4%:R * (N h + 1)).
have e0 : 0 < e by rewrite divr_gt0 // mulr_gt0 ?ltr0n.
have [d1 d1_gt0 near1] := der e e0; have [d2 d2_gt0 near2] := one_sided kind a_orth w e0.
pose d := if d1 <= d2 then d1 else d2.
have d_gt0 : 0 < d by rewrite /d; case: ifP.
have dd1 : d <= d1 by rewrite /d; case: ifP => // /negbT; rewrite -ltNge => /ltW.
have dd2 : d <= d2 by rewrite /d; case: ifP.
pose t := d / (d + N h).
have s0 : 0 < d + N h by rewrite (lt_le_trans d_gt0) // -subr_ge0 addrC addKr.
have t0 : 0 < t by rewrite divr_gt0.
have small : N (t *: h) <= d.
  have s0' := ltW s0; have d0' := ltW d_gt0; have i0 : 0 <= (d + N h)^-1 by rewrite invr_ge0.
  rewrite sqnormZ -subr_ge0 /t.
  have -> : d - (d / (d + N h)) ^+ 2 * N h =
    d * (d ^+ 2 + d * N h + N h ^+ 2) * ((d + N h)^-1 * (d + N h)^-1) by field; rewrite gt_eqF.
  by positive.
have := near1 _ (le_trans small dd1); have := near2 _ (le_trans small dd2).
rewrite (towards_scale h t0) -!scalemxAl; set g := grad (w + t *: h) - grad w => h2 h1.
have E : t *: x = (g - t *: (h *m towards w h)) + - (g - t *: (h *m H)).
  by rewrite opprB addrC addrA subrK -scalerBr.
have := sqnorm_add2 (g - t *: (h *m towards w h)) (- (g - t *: (h *m H))).
rewrite -E sqnormZ -(scaleN1r (g - _)) (sqnormZ (-1)) sqrrN expr1n mul1r => le_x.
have tt : 0 < t ^+ 2 by rewrite exprn_gt0.
have : t ^+ 2 * N x <= t ^+ 2 * (4%:R * e * N h).
  apply: le_trans le_x _; rewrite sqnormZ in h1 h2.
  move: h1 h2; move: (N (_ - _)) (N (_ - _)) => A B h1 h2.
  by cert (2%:R * (e * (t ^+ 2 * N h) - A) + 2%:R * (e * (t ^+ 2 * N h) - B)).
rewrite -subr_ge0 -mulrBr pmulr_rge0 // subr_ge0 leNgt => /negP; apply; rewrite -subr_gt0.
have -> : N x - 4%:R * e * N h = N x / (N h + 1) by rewrite /e; field; rewrite gt_eqF.
by rewrite divr_gt0.
Qed.

(** At a kink of ReLU with |w|^2 <> 2 the gradient has no derivative. *)
Lemma derivative_smooth H : is_derivative grad w H -> ~~ at_kink kind a w \/ N w = 2%:R.
Proof.
move=> der; have [kink|] := boolP (at_kink kind a w); last by left.
right; move: kink; rewrite /at_kink; case kindE: kind => // /existsP[i /eqP ci].
have m0 : m%:R != 0 :> R by rewrite pnatr_eq0 -lt0n (leq_ltn_trans _ (ltn_ord i)).
have term (h : 'rV[R]_n) s : h = s *: a i ->
    \sum_j (side kind a w h j * c h j) *: a j = (side kind a w h i * s) *: a i.
  move=> ->; rewrite (bigD1 i) //= big1 ?addr0 => [|j ji].
    by rewrite /(corr a (_ *: _)) dotZl a_orth eqxx mulr1.
  by rewrite /(corr a (_ *: _)) dotZl a_orth eq_sym (negbTE ji) !mulr0 scale0r.
have right_ := derivative_towards (a i) der; have left_ := derivative_towards (- a i) der.
have : a i *m towards w (a i) + (- a i) *m towards w (- a i) = 0.
  by rewrite -right_ -left_ mulNmx subrr.
rewrite !mul_weighted -!/(side kind a w _ _).
rewrite (term (a i) 1) ?scale1r // (term (- a i) (-1)) ?scaleN1r //.
have -> : side kind a w (a i) i = 1.
  by rewrite /side kindE /= ci eqxx /corr a_orth eqxx ltr01.
have -> : side kind a w (- a i) i = 0.
  by rewrite /side kindE /= ci eqxx /corr dotNl a_orth eqxx oppr_gt0 ltNge ler01.
rewrite mulr1 mul0r scale1r scale0r scaler0 add0r !dotNl => /(congr1 (fun v => dot v (a i))).
rewrite -scalerDr dotZl dot0l !dotDl !dotZl !dotDl !dotZl dotNl a_orth eqxx.
move: (dot (a i) w) (dot (a i) _) (energy _ _ _) (dot w _) (dot _ (a i)) => p q C r s /eqP.
rewrite mulf_eq0 invr_eq0 (negbTE m0) /= => /eqP E.
apply/eqP; rewrite -subr_eq0; apply/eqP; rewrite -[RHS]E; ring.
Qed.

Lemma derivative_unique H kappa : is_derivative grad w H -> H = hessian_kappa kind a kappa w.
Proof.
move=> der; apply/row_matrixP => i; rewrite !rowE.
by rewrite (derivative_towards _ der) (smooth_agree kappa) //; exact: derivative_smooth der.
Qed.
End TwiceDiff.
