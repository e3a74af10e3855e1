(** All critical points of the loss and their kind. Everything follows from the closed form L = 1/2
    + (N - 2) C / (2m), with N = |w|^2 and C >= 0 the energy of the active points. Where the
    gradient vanishes and C is not 0, its products with w and with itself give N = C = 1. Where C =
    0, nearby values are 1/2 + (N' - 2) C'/(2m) with C' >= 0, so the sign of N - 2 decides; if some
    <w, a_i> = 0, the step s (a_i - w) makes C' positive and N' smaller. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Extrema Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Critical.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Local Notation G := (active_part kind a).
Local Notation quiet := (silent kind a).
Implicit Types (w h u : 'rV[R]_n).

Let m_gt0 : 0 < m%:R :> R. Proof. by rewrite ltr0n. Qed.
Let two_m : 0 < 2%:R * m%:R :> R. Proof. by rewrite mulr_gt0 ?ltr0n. Qed.
Let i0 : 'I_m := Ordinal m0.
Let Na i : N (a i) = 1. Proof. by rewrite /sqnorm a_orth eqxx. Qed.

Lemma phi_silent (t : R) :
  phi t = 0 <-> match kind with Linear => t = 0 | Relu => t <= 0 end.
Proof.
rewrite /Definitions.phi; case: kind => //; case: (lerP 0 t) => t0; last by split=> // _; exact: ltW.
by split=> [->|t1]; [exact: lexx | apply: le_anti; rewrite t1 t0].
Qed.

(** No point is active exactly if the energy is 0. *)
Lemma silentP w : quiet w <-> C w = 0.
Proof.
split=> [q|/eqP]; first by apply: big1 => i _; rewrite (phi_silent (c w i)).2 ?expr0n //; exact: q.
rewrite psumr_eq0 => [/allP z i|i _]; last exact: sqr_ge0.
by apply/phi_silent/eqP; have := z i (mem_index_enum i); rewrite /= sqrf_eq0.
Qed.

Lemma loss_silent w : quiet w -> L w = 2%:R^-1.
Proof. by move/silentP => C0; rewrite (loss_closed _ a_orth) // C0 mulr0 mul0r addr0. Qed.

Lemma min_loss_lt : min_loss R m < 2%:R^-1.
Proof. by rewrite /min_loss -subr_gt0 opprB addrC subrK invr_gt0. Qed.

(** ** Where the gradient vanishes *)
Lemma gradient_zero w : gradient kind a w = 0 <-> quiet w \/ L w = min_loss R m.
Proof.
have gE : gradient kind a w = m%:R^-1 *: ((N w - 2%:R) *: G w + C w *: w).
  rewrite /gradient; congr (_ *: _); rewrite big_split /= /active_part scaler_sumr /energy
    scaler_suml.
  by congr (_ + _); apply: eq_bigr => i _; rewrite scalerA.
have Gw : dot (G w) w = C w.
  rewrite dot_suml; apply: eq_bigr => i _; by rewrite dotZl (dotC (a i)) mulrC -/(corr a w i)
    phi_self.
split=> [|[q|]].
- move/eqP; rewrite gE scaler_eq0 invr_eq0 (gt_eqF m_gt0) /= => /eqP g0.
  case: (eqVneq (C w) 0) => [/silentP|C0]; [by left | right].
  have N1 : N w = 1.
    have : dot ((N w - 2%:R) *: G w + C w *: w) w = 0 by rewrite g0 dot0l.
    rewrite dotDl !dotZl Gw -/(sqnorm w).
    have -> : (N w - 2%:R) * C w + C w * N w = 2%:R * (N w - 1) * C w by ring.
    by move/eqP; rewrite !mulf_eq0 (negbTE C0) orbF pnatr_eq0 /= subr_eq0 => /eqP.
  have CG : G w = C w *: w.
    apply/eqP; rewrite -subr_eq0 -oppr_eq0 opprB addrC -[X in _ == X]g0 N1.
    have -> : 1 - 2%:R = -1 :> R by ring.
    by rewrite scaleN1r.
  have C1 : C w = 1.
    have := sqnorm_active kind a_orth w; rewrite CG sqnormZ N1 mulr1 expr2 => /eqP.
    by rewrite -subr_eq0 -{3}[C w]mulr1 -mulrBr mulf_eq0 (negbTE C0) /= subr_eq0 => /eqP.
  by apply/(minima kind a_orth m0); rewrite N1 CG C1 scale1r.
- have q' i : phi (c w i) = 0 by apply/phi_silent; exact: q.
  rewrite gE (silentP w).1 // /active_part big1 ?scale0r ?scaler0 ?addr0 ?scaler0 // => i _.
  by rewrite q' scale0r.
move/(minima kind a_orth m0) => [N1 wG]; have C1 : C w =
  1 by rewrite -(sqnorm_active kind a_orth) -wG.
rewrite gE -wG N1 C1 -scalerDl; have -> : 1 - 2%:R + 1 = 0 :> R by ring.
by rewrite scale0r scaler0.
Qed.

Lemma critical_gradient w : critical L w <-> gradient kind a w = 0.
Proof.
have h := gradient_correct kind a_orth m0 w; split=> [cr|g0].
  exact: gradient_unique h cr.
by rewrite /critical -g0.
Qed.

(** ** Near a point where no point of the data is active *)
Lemma excess w h : quiet w -> L (w + h) - L w = (N (w + h) - 2%:R) * C (w + h) / (2%:R * m%:R).
Proof. by move=> q; rewrite (loss_silent q) (loss_closed _ a_orth) // addrC addKr. Qed.

Lemma silent_max w : quiet w -> N w < 2%:R -> local_max L w.
Proof.
move=> q N2; rewrite -subr_gt0 in N2; have [d d0 near] := sqnorm_near w N2; exists d => // h hd.
rewrite -subr_le0 excess // pmulr_lle0 ?invr_gt0 // mulr_le0_ge0 ?energy_ge0 // subr_le0.
by have [_] := near h hd; rewrite addrCA subrr addr0.
Qed.

Lemma silent_min w : quiet w -> 2%:R < N w -> local_min L w.
Proof.
move=> q N2; rewrite -subr_gt0 in N2; have [d d0 near] := sqnorm_near w N2; exists d => // h hd.
rewrite -subr_ge0 excess // pmulr_lge0 ?invr_gt0 // mulr_ge0 ?energy_ge0 // subr_ge0.
by have [] := near h hd; rewrite opprB addrCA subrr addr0.
Qed.

Lemma dead_silent w : dead kind a w -> quiet w.
Proof. by case=> k neg i; rewrite k ltW. Qed.

Lemma dead_flat w : dead kind a w -> locally_constant L w.
Proof.
case=> k neg; pose l := [arg min_(i < i0) (c w i ^+ 2)]%O.
have lP i : c w l ^+ 2 <= c w i ^+ 2.
  by rewrite /l; case: Order.TotalTheory.arg_minP => // j _; apply.
exists (c w l ^+ 2) => [|h hd]; first by rewrite lt_def sqr_ge0 sqrf_eq0 lt_eqF.
rewrite !loss_silent //; first exact: dead_silent.
move=> i; rewrite k corrD // leNgt; apply/negP => pos.
have lt1 : c w i ^+ 2 < c h i ^+ 2.
  have n1 := neg i; rewrite -oppr_gt0 in n1; rewrite -subr_gt0.
  have -> : c h i ^+ 2 - c w i ^+ 2 = (c w i + c h i) * ((c w i + c h i) + 2%:R * - c w i) by ring.
  by rewrite mulr_gt0 // addr_gt0 // mulr_gt0 ?ltr0n.
suff hh : c h i ^+ 2 <= N h by have := lt_le_trans lt1 (le_trans hh (le_trans hd (lP i)));
  rewrite ltxx.
apply: le_trans (bessel a_orth h); rewrite (bigD1 i) //= -subr_ge0 addrC addKr.
by apply: sumr_ge0 => j _; exact: sqr_ge0.
Qed.

(** If no point is active and the neuron is not dead, some <w, a_i> is 0. *)
Lemma dead_or_edge w : quiet w -> dead kind a w \/ exists i, c w i = 0.
Proof.
move=> q; case: (boolP [exists i, c w i == 0]) => [/existsP[i /eqP ci]|none]; first by right;
  exists i.
have nz i : c w i != 0 by apply: contra none => z; apply/existsP; exists i.
move: q; rewrite /silent /dead; case: kind => q; first by have := nz i0; rewrite q eqxx.
by left; split=> // i; rewrite lt_def eq_sym nz q.
Qed.

Lemma edge_not_dead w i : c w i = 0 -> ~ dead kind a w.
Proof. by move=> z [_ neg]; have := neg i; rewrite z ltxx. Qed.

(** One point becomes active: (1 - s) w + t a_i, where <w, a_i> = 0. *)
Lemma probe w i (s t : R) : quiet w -> c w i = 0 -> 0 <= s -> s <= 1 -> 0 <= t ->
  L (w + (t *: a i - s *: w)) - L w =
    ((1 - s) ^+ 2 * N w + t ^+ 2 - 2%:R) * t ^+ 2 / (2%:R * m%:R).
Proof.
move=> q z s0 s1 t0; rewrite excess //.
have wE : w + (t *: a i - s *: w) = (1 - s) *: w + t *: a i.
  by rewrite scalerBl scale1r -addrA; congr (_ + _); rewrite addrC.
have cE j : phi (c (w + (t *: a i - s *: w)) j) = if j == i then t else 0.
  have pt : phi t = t by rewrite /Definitions.phi; case: kind; rewrite ?t0.
  rewrite wE corrD // /corr !dotZl a_orth -/(corr a w j) eq_sym.
  case: eqP => [->|_]; first by rewrite z mulr0 add0r mulr1.
  rewrite mulr0 addr0 phi_hom ?subr_ge0 // (phi_silent (c w j)).2 ?mulr0 //; exact: q.
have -> : C (w + (t *: a i - s *: w)) = t ^+ 2.
  rewrite /energy (bigD1 i) //= big1 ?addr0 => [|j /negbTE ji]; first by rewrite cE eqxx.
  by rewrite cE ji expr0n.
rewrite wE sqnormD !sqnormZ dotZl dotZr -/(corr a w i) z Na; congr (_ * _ / _).
by ring.
Qed.

Lemma edge_down w i d : quiet w -> c w i = 0 -> N w <= 2%:R -> 0 < d ->
  exists2 h, N h <= d & L (w + h) < L w.
Proof.
move=> q z N2 d0; have [s [s0 s1 sd]] := small_multiple (a i - w) d0.
have s0' := ltW s0; exists (s *: (a i - w)) => //; rewrite -subr_lt0 scalerBr probe //.
rewrite pmulr_llt0 ?invr_gt0 // pmulr_llt0 ?exprn_gt0 // -oppr_gt0.
have s1' : 0 <= 1 - s by rewrite subr_ge0.
have N2' : 0 <= 2%:R - N w by rewrite subr_ge0.
apply: (@lt_le_trans _ _ s) => //; rewrite -subr_ge0.
have -> : - ((1 - s) ^+ 2 * N w + s ^+ 2 - 2%:R) - s =
  (1 - s) ^+ 2 * (2%:R - N w) + 3%:R * s * (1 - s) by ring.
by positive.
Qed.

Lemma edge_up w i d : quiet w -> c w i = 0 -> 2%:R <= N w -> 0 < d ->
  exists2 h, N h <= d & L w < L (w + h).
Proof.
move=> q z N2 d0; have [t [t0 t1 td]] := small_multiple (a i) d0.
exists (t *: a i) => //; have := probe q z (lexx 0) ler01 (ltW t0).
rewrite scale0r subr0 => E; rewrite -subr_gt0 E subr0 expr1n mul1r.
rewrite !mulr_gt0 ?invr_gt0 ?exprn_gt0 //; apply: (@lt_le_trans _ _ (t ^+ 2));
  first exact: exprn_gt0.
by cert (N w - 2%:R).
Qed.

(** ** Near a global minimum: larger values on the ray *)
Lemma minimum_up w d : L w = min_loss R m -> 0 < d -> exists2 h, N h <= d & L w < L (w + h).
Proof.
move=> Lw d0; have [N1 wG] := (minima kind a_orth m0 w).1 Lw.
have C1 : C w = 1 by rewrite -(sqnorm_active kind a_orth) -wG.
have [t [t0 t1 td]] := small_multiple w d0; exists (t *: w) => //.
have t2 : 0 <= 1 + t by rewrite addr_ge0 ?ler01 // ltW.
rewrite Lw -subr_gt0 gap // /rest.
have -> : w + t *: w = (1 + t) *: w by rewrite scalerDl scale1r.
have -> : C ((1 + t) *: w) = (1 + t) ^+ 2 * C w.
  rewrite /energy mulr_sumr; apply: eq_bigr => i _.
  by rewrite /corr dotZl phi_hom // exprMn.
rewrite sqnormZ N1 C1 mulr1 subrr mulr0 addr0 divr_gt0 //.
have -> : (1 - (1 + t) ^+ 2) ^+ 2 = (t * (t + 2%:R)) ^+ 2 by ring.
by rewrite exprn_gt0 // mulr_gt0 // addr_gt0 ?ltr0n.
Qed.

Lemma down_not_min w : (forall d, 0 < d -> exists2 h, N h <= d &
  L (w + h) < L w) -> ~ local_min L w.
Proof. by move=> down [d d0 h]; have [u ud] := down d d0; rewrite ltNge (h u ud). Qed.

Lemma up_not_max w : (forall d, 0 < d -> exists2 h, N h <= d & L w < L (w + h)) -> ~ local_max L w.
Proof. by move=> up [d d0 h]; have [u ud] := up d d0; rewrite ltNge (h u ud). Qed.

Lemma global_local_min w : L w = min_loss R m -> local_min L w.
Proof. by move=> Lw; exists 1 => [|h _]; [exact: ltr01 | rewrite Lw global_minimum]. Qed.

(** ** The kinds *)
Theorem local_minima w : local_min L w <->
  [\/ L w = min_loss R m, dead kind a w | quiet w /\ 2%:R < N w].
Proof.
split=> [mn|[Lw|dd|[q N2]]].
- have /gradient_zero[q|] : gradient kind a w = 0.
    exact: local_min_critical (gradient_correct kind a_orth m0 w) mn.
  + case: (dead_or_edge q) => [dd|[i z]]; first by constructor 2.
    case: (lerP (N w) 2%:R) => N2; last by constructor 3.
    by case: (@down_not_min w) => // d; exact: edge_down q z N2.
  by constructor 1.
- exact: global_local_min.
- by have [d d0 h] := dead_flat dd; exists d => // u ud; rewrite h // lexx.
exact: silent_min.
Qed.

Theorem local_maxima w : local_max L w <-> dead kind a w \/ quiet w /\ N w < 2%:R.
Proof.
split=> [mx|[dd|[q N2]]].
- have /gradient_zero[q|Lw] : gradient kind a w = 0.
    exact: local_max_critical (gradient_correct kind a_orth m0 w) mx.
  + case: (dead_or_edge q) => [dd|[i z]]; [by left | right; split=> //].
    case: (ltrP (N w) 2%:R) => // N2.
    by case: (@up_not_max w) => // d; exact: edge_up q z N2.
  by case: (@up_not_max w) => // d; exact: minimum_up.
- by have [d d0 h] := dead_flat dd; exists d => // u ud; rewrite h // lexx.
exact: silent_max.
Qed.

Theorem saddle_points w : saddle L w <-> [/\ quiet w, exists i, c w i = 0 & N w = 2%:R].
Proof.
split=> [[cr near]|[q [i z] N2]].
  have nomin : ~ local_min L w by apply: down_not_min => d d0; have [] := near d d0.
  have nomax : ~ local_max L w by apply: up_not_max => d d0; have [] := near d d0.
  move/critical_gradient/gradient_zero: cr => [q|/global_local_min //].
  case: (dead_or_edge q) => [dd|ex]; first by case: nomin; apply/local_minima; constructor 2.
  split=> //; case: (ltgtP (N w) 2%:R) => // N2.
    by case: nomax; apply/local_maxima; right.
  by case: nomin; apply/local_minima; constructor 3.
split; first by apply/critical_gradient/gradient_zero; left.
by move=> d d0; split; [apply: edge_down q z _ d0 | apply: edge_up q z _ d0]; rewrite N2 lexx.
Qed.

Theorem flat_points w : locally_constant L w <-> dead kind a w.
Proof.
split=> [[d d0 h]|]; last exact: dead_flat.
have mn : local_min L w by exists d => // u ud; rewrite h // lexx.
have mx : local_max L w by exists d => // u ud; rewrite h // lexx.
case/local_maxima: (mx) => [//|[q N2]]; case/local_minima: mn => [Lw|//|[_]].
  by move: min_loss_lt; rewrite -Lw (loss_silent q) ltxx.
by move=> /(lt_trans N2); rewrite ltxx.
Qed.

Theorem no_bad_minimum w : N w <= 2%:R -> local_min L w -> L w = min_loss R m \/ dead kind a w.
Proof.
move=> N2 /local_minima[Lw|dd|[q]]; [by left | by right |].
by move=> /lt_le_trans /(_ N2); rewrite ltxx.
Qed.
End Critical.
