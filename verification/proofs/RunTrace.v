(** The trace of the Hessian along the runs. Idea: neither gradient descent nor SGD ever changes
    the sign of a correlation, so every iterate has the curvatures of the start; and the trace is
    ((N - 2) sum theta_i + (n + 4) C)/m, where N = |w|^2 and C tend to 1 as w tends to a minimum. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Prob Exchange FarOut HessianSpectrum.
From Whichmin Require Import Sharpness Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Bounds.
Variable R : realFieldType.

Lemma abs_of_sqr (p d : R) : 0 <= d -> p ^+ 2 <= d ^+ 2 -> `|p| <= d.
Proof.
move=> d0 pd; rewrite leNgt; apply/negP => big; move: pd; rewrite leNgt => /negP; apply.
have -> : p ^+ 2 = `|p| ^+ 2 by rewrite -normrX ger0_norm ?sqr_ge0.
rewrite -subr_gt0; have -> : `|p| ^+ 2 - d ^+ 2 = (`|p| - d) * (`|p| + d) by ring.
have dp : 0 < `|p| - d by rewrite subr_gt0.
rewrite mulr_gt0 //; apply: (lt_le_trans (le_lt_trans d0 big)).
by rewrite -subr_ge0 addrC addKr.
Qed.

Lemma abs_add (x y A B : R) : `|x| <= A -> `|y| <= B -> `|x + y| <= A + B.
Proof.
rewrite !ler_norml => /andP[x0 x1] /andP[y0 y1].
by rewrite add_le // andbT opprD add_le.
Qed.

Lemma abs_mul (x y A B : R) : `|x| <= A -> `|y| <= B -> `|x * y| <= A * B.
Proof. by move=> xA yB; rewrite normrM mul_le. Qed.

(** The curvature sees the sign only. *)
Lemma curvature_sg kind (kappa s t : R) : Num.sg s = Num.sg t ->
  curvature kind kappa s = curvature kind kappa t.
Proof.
rewrite /curvature; case: kind => // E.
by rewrite -(sgr_eq0 s) -(sgr_eq0 t) E -(sgr_gt0 s) -(sgr_gt0 t) E.
Qed.
End Bounds.

Section NearMinimum.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variables (kappa : R) (w0 : 'rV[R]_n).
Let theta : R := \sum_i curvature kind kappa (c w0 i).
Let lim : R := (n%:R + 4%:R - theta) / m%:R.

Lemma near_energy v w d : loss kind a v = min_loss R m -> 0 <= d -> d <= 1 ->
  N (w - v) <= d ^+ 2 -> `|N w - 1| <= 3%:R * d /\ `|C w - 1| <= 3%:R * d.
Proof.
move=> v_min d0 d1; set h := w - v => hd; have wE : w = v + h by rewrite /h addrC subrK.
have N1 := norm1 a_orth v_min; have H0 := sqnorm_ge0 h.
have vh : `|dot v h| <= d.
  by apply: abs_of_sqr => //; apply: le_trans (dot_sqr_le v h) _; rewrite N1 mul1r.
have dd : d ^+ 2 <= d by cert (d * (1 - d)).
have hd' : N h <= d := le_trans hd dd.
have := energy_taylor kind a_orth v h; rewrite (own_part a_orth v_min) (energy1 a_orth v_min) -wE.
move=> /andP[C0 C1].
have two : `|2%:R * dot v h| <= 2%:R * d by apply: abs_mul => //; rewrite ger0_norm ?ler0n.
have split_ x : 0 <= x -> x <= N h -> `|2%:R * dot v h + x| <= 3%:R * d.
  move=> x0 x1; have -> : 3%:R * d = 2%:R * d + d by ring.
  by apply: abs_add => //; rewrite ger0_norm // (le_trans x1).
split.
  have -> : N w - 1 = 2%:R * dot v h + N h by rewrite wE sqnormD N1; ring.
  exact: split_.
have -> : C w - 1 = 2%:R * dot v h + (C w - 1 - 2%:R * dot v h) by ring.
exact: split_.
Qed.

(** A bound on the distance that makes the trace e-close to its limit. *)
Lemma near_trace e : 0 < e -> exists2 d, 0 < d &
  forall v w, loss kind a v = min_loss R m -> (forall i, Num.sg (c w i) = Num.sg (c w0 i)) ->
    N (w - v) <= d ^+ 2 -> `|\tr (hessian_kappa kind a kappa w) - lim| <= e.
Proof.
move=> e0; pose K := 3%:R * (`|theta| + (n%:R + 4%:R)) * m%:R^-1.
have K0 : 0 <= K by rewrite /K; have := normr_ge0 theta => ?; positive.
have s0 : 0 < e + K by rewrite (lt_le_trans e0) // -subr_ge0 addrC addKr.
have i0 : 0 <= (e + K)^-1 by rewrite invr_ge0 ltW.
exists (e / (e + K)) => [|v w v_min sg_w]; first by rewrite divr_gt0.
set d := e / (e + K) => wd.
have d0 : 0 <= d by rewrite mulr_ge0 // ltW.
have d1 : d <= 1.
  rewrite -subr_ge0; have -> : 1 - d = K * (e + K)^-1 by rewrite /d; field; rewrite gt_eqF.
  by rewrite mulr_ge0.
have dK : d * K <= e.
  have e0' := ltW e0; rewrite -subr_ge0.
  have -> : e - d * K = e * e * (e + K)^-1 by rewrite /d; field; rewrite gt_eqF.
  by rewrite !mulr_ge0.
have [Nw Cw] := near_energy v_min d0 d1 wd; apply: le_trans dK.
have -> : \tr (hessian_kappa kind a kappa w) - lim =
    ((N w - 1) * theta + (C w - 1) * (n%:R + 4%:R)) * m%:R^-1.
  rewrite weighted_trace // (eq_bigr (fun i => curvature kind kappa (c w0 i))); last first.
    by move=> i _; exact: curvature_sg.
  by rewrite -/theta /lim; move: theta (m%:R^-1) => th q; ring.
rewrite /K; set th := `|theta|.
have -> : d * (3%:R * (th + (n%:R + 4%:R)) * m%:R^-1) =
    (3%:R * d * th + 3%:R * d * (n%:R + 4%:R)) * m%:R^-1 by move: (m%:R^-1) => q; ring.
have n4 : 0 <= n%:R + 4%:R :> R by rewrite addr_ge0 ?ler0n.
apply: abs_mul; last by rewrite ger0_norm // invr_ge0 ler0n.
apply: abs_add; apply: abs_mul => //; by rewrite ger0_norm.
Qed.
End NearMinimum.

(** ** Signs along the runs *)
Section Signs.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (w0 : 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation c := (corr a).
Local Notation N := (@sqnorm R n).

Lemma sgd_signs eta (Bs : seq (batch m b)) w : 0 < eta -> eta / b%:R <= 5%:R^-1 ->
  N w0 <= 21%:R / 20%:R -> w \in trajectory kind a eta w0 Bs ->
  forall i, Num.sg (c w i) = Num.sg (c w0 i).
Proof.
move=> eta0 eta1 N1.
suff all_ (Ds : seq (batch m b)) u : N u <= 21%:R / 20%:R ->
    (forall i, Num.sg (c u i) = Num.sg (c w0 i)) ->
    w \in states (sgd_step kind a eta (b:=b)) u Ds -> forall i, Num.sg (c w i) = Num.sg (c w0 i).
  exact: all_.
elim: Ds u => [|B Ds IH] u Nu su; rewrite /states in_cons => /orP[/eqP -> //|]; first by [].
have Bb : #|val B| = b := card_batch B.
have [Nu' su'] : N (sgd_step kind a eta B u) <= 21%:R / 20%:R /\
    forall j, Num.sg (c (sgd_step kind a eta B u) j) = Num.sg (c u j).
  by apply: (trap kind a_orth (ltW eta0) _ Nu); rewrite Bb.
by apply: IH => // i; rewrite su'.
Qed.

Lemma gd_signs eta t : (0 < m)%N -> 0 < eta -> eta <= m%:R / 4%:R ->
  N w0 + energy kind a w0 <= 2%:R ->
  forall i, Num.sg (c (gd_weights kind a eta w0 t) i) = Num.sg (c w0 i).
Proof.
move=> m0 eta0 eta1 start; elim: t => [|t IH] i //; rewrite -IH gd_weightsE [gd_weights _ _ _ _ t]gd_weightsE.
have := gd_region a_orth m0 eta0 eta1 start t.
rewrite gdS; move: (gd kind a eta t w0) => u {IH} u_in.
have s0 := shrink_ge a_orth m0 eta0 eta1 u_in; have g1 := growth_ge1 m0 eta0 u_in.
have {}s0 : 0 < 1 - eta / m%:R * energy kind a u.
  by apply: lt_le_trans s0; rewrite divr_gt0 ?ltr0n.
have {}g1 : 0 < (1 - eta / m%:R * energy kind a u) + eta / m%:R * (2%:R - N u).
  apply: (lt_le_trans (lt_le_trans ltr01 g1)); rewrite -subr_ge0 /=.
  by move: (eta / m%:R) => al; cert (0 : R).
have sgE k : 0 < k -> Num.sg (k * c u i) = Num.sg (c u i).
  by move=> k0; rewrite sgrM gtr0_sg ?mul1r.
rewrite (corr_step kind a_orth) inE full_shrink full_gain.
rewrite /Definitions.phi; case: kind s0 g1 => s0 g1; first by rewrite -mulrDl sgE.
by case: ifP => _; [rewrite -mulrDl sgE | rewrite mulr0 addr0 sgE].
Qed.
End Signs.
