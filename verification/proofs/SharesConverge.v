(** SGD with exchangeable random step sizes that prefer every point now and then ends at one data
    point, almost surely. The functional contracts while it is small ([wfar_contracts]). From
    every state that a run can reach it can be brought low ([wfar_reached]): by outcomes that all
    prefer the leader to the rest, each other point in turn being the one that gets less by delta.
    So [Capture.captured] applies, and a small functional means close to one point. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge Shares SharesFarOut SharesDrift SharesTotal.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Converge.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Local Notation others := (others kind a).
Variables (eta : R) (Om : finType) (p : Om -> 'I_m -> R).
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1) (pE : shares p).
Variable delta : R.
Hypotheses (delta0 : 0 < delta) (delta1 : delta <= 1)
  (prefer : forall l j, exists o, prefers p delta l j o).
Local Notation next := (shared_step kind a eta p).
Local Notation wlittle := (wlittle eta Om delta).
Local Notation wtotal := (wtotal kind a eta Om delta).
Local Notation wq := (wq eta Om delta).

Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let p0 o i : 0 <= p o i. Proof. exact: share_ge0. Qed.
Let p1 o i : p o i <= 1. Proof. exact: share_le1. Qed.
Let delta_ge0 : 0 <= delta. Proof. exact: ltW. Qed.

Variable i0 : 'I_m.
Local Notation leader := (leader kind a i0).
Let k0 : 0 < wlittle. Proof. by have [] := wlittle_bounds eta0 eta1 delta0 delta1 prefer i0. Qed.
Let k1 : wlittle <= 1 / 100%:R. Proof.
  by have [] := wlittle_bounds eta0 eta1 delta0 delta1 prefer i0. Qed.
Let nine : 0 < 9%:R / 10%:R :> R. Proof. by rewrite divr_gt0 ?ltr0n. Qed.

(** ** The functional *)
Definition wfar : 'rV[R]_n -> R := functional kind a i0 wlittle.

Lemma wfar_ge0 w : 0 <= wfar w. Proof. exact: functional_ge0. Qed.

Theorem wfar_contracts w : N w <= 21%:R / 20%:R -> wfar w <= 1 / 2%:R ->
  mean (fun o => wfar (next o w)) <= wq * wfar w.
Proof.
move=> N1 small; have [C1 lw fE sm] := functional_small a_orth k0 small; rewrite [X in _ * X]fE.
apply: le_trans (wtotal_drift a_orth eta0 eta1 pE delta0 delta1 prefer i0 N1 C1 lw sm).
apply: ler_mean => [|o]; first exact: (Om0 prefer i0).
apply: functional_le; first by apply: (next_level a_orth eta0 eta1 pE) => //; exact: lexx.
exact: (next_lead a_orth eta0 eta1 pE).
Qed.

(** ** Outcomes that prefer the leader *)
Definition wtheta : R := 1 - eta * delta / 4%:R.

Lemma wtheta_bounds : 0 <= wtheta /\ wtheta < 1.
Proof.
split; last first.
  by rewrite /wtheta -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n // mulr_gt0.
have h := eta_ge0; have d := delta_ge0.
rewrite /wtheta; have -> : 1 - eta * delta / 4%:R =
  eta * (1 - delta) / 4%:R + (5%:R^-1 - eta) / 4%:R + 19%:R / 20%:R by field.
have e1 : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
by have d1 : 0 <= 1 - delta by [rewrite subr_ge0]; positive.
Qed.

(** One such outcome. *)
Section Prefer.
Variables (l i : 'I_m) (o : Om).
Hypothesis ol : prefers p delta l i o.

Lemma prefer_factor v j : N v <= 21%:R / 20%:R ->
  wfactor kind a eta (p o) v j <= wfactor kind a eta (p o) v l.
Proof.
move=> N1; have [_ top _] := ol; have h := eta_ge0; have u0 := two_minus_N N1.
rewrite /wfactor; move: (top j) (wshrink _ _ _ _ _) => t s.
by cert (eta * (p o l - p o j) * ((2%:R - N v - 19%:R / 20%:R) + 19%:R / 20%:R)).
Qed.

Lemma prefer_root v j : N v <= 21%:R / 20%:R -> l != j ->
  root l j (shared_step kind a eta p o v) <= (if j == i then wtheta else 1) * root l j v.
Proof.
move=> N1 lj; have r0 : 0 <= root l j v by exact: sqrtr_ge0.
have fl := f_gt0 kind a_orth eta0 eta1 pE N1 o l; have fj := f_gt0 kind a_orth eta0 eta1 pE N1 o j.
have s1 := wshrink_le1 kind a v (p0 o) eta_ge0.
rewrite (next_root kind a_orth eta0 eta1 pE N1) -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
apply: le_trans (sqrt_le _) _; first by rewrite mulr_ge0 ?invr_ge0 // ltW.
have fi : 0 <= (wfactor kind a eta (p o) v l)^-1 by rewrite invr_ge0 ltW.
have frac (x y z : R) : 0 < x -> 0 <= (1 - 2%:R * z) * x - y -> (1 + y / x) / 2%:R <= 1 - z.
  move=> x0 h; rewrite -subr_ge0; have xi : 0 <= x^-1 by rewrite invr_ge0 ltW.
  have -> : 1 - z - (1 + y / x) / 2%:R = ((1 - 2%:R * z) * x - y) / x / 2%:R by field;
    rewrite gt_eqF.
  by positive.
case: eqP => [ji|_]; last first.
  rewrite -[X in _ <= X]subr0; apply: frac => //.
  by rewrite mulr0 subr0 mul1r subr_ge0; exact: prefer_factor.
apply: frac => //; have [_ _] := ol; rewrite -ji => /(_ lj) d.
have u0 := two_minus_N N1; have N0 := sqnorm_ge0 v; have h := eta_ge0; have dd := delta_ge0.
have e1 := eta1; have pl0 := p0 o l; have pl1 := p1 o l.
rewrite /wfactor; move: (wshrink _ _ _ _ _) (p o l) (p o j) s1 d pl0 pl1 => s x y s1 d pl0 pl1.
move: (N v) u0 N0 => N' u0 N0.
have fle : 0 <= 7%:R / 5%:R - (s + eta * x * (2%:R - N')).
  have u1 : 0 <= 2%:R - N' by cert ((2%:R - N' - 19%:R / 20%:R) + 19%:R / 20%:R).
  cert ((1 - s) + (5%:R^-1 - eta) * x * (2%:R - N') + (1 - x) * (2%:R - N') / 5%:R + N' / 5%:R).
have -> : (1 - 2%:R * (eta * delta / 4%:R)) * (s + eta * x * (2%:R - N')) -
  (s + eta * y * (2%:R - N')) =
  eta * (x - y - delta) * ((2%:R - N' - 19%:R / 20%:R) + 19%:R / 20%:R)
  + eta * delta * ((2%:R - N' - 19%:R / 20%:R) + 1 / 4%:R)
  + eta * delta / 2%:R * (7%:R / 5%:R - (s + eta * x * (2%:R - N'))) by field.
have d' : 0 <= x - y - delta by rewrite subr_ge0.
by positive.
Qed.

Lemma prefer_energy v low : N v <= 21%:R / 20%:R -> (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  0 <= low -> low <= C v -> C v <= 9%:R / 10%:R ->
  C v + eta * delta * (low / m%:R) / 10%:R <= C (next o v).
Proof.
move=> N1 top low0 lowC C1; have h := eta_ge0.
have m0 : 0 < m%:R :> R by rewrite ltr0n; apply: leq_trans (ltn_ord i0).
have mi : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ltW.
have el : C v <= m%:R * phi (c v l) ^+ 2.
  apply: (@le_trans _ _ (\sum_(j < m) phi (c v l) ^+ 2)); last first.
    by rewrite sumr_const card_ord mulr_natl lexx.
  apply: ler_sum => j _;
    rewrite -(real_normK (num_real (phi (c v j)))) -(real_normK (num_real (phi (c v l)))).
  exact: sqr_le_of_abs (normr_ge0 _) (top j).
have G0 := surplus_ge0 kind a v (p0 o) (p1 o).
have [pl _ _] := ol; have d := delta_ge0.
have S1 : p o l * phi (c v l) ^+ 2 <= first_moment kind a (p o) v.
  rewrite /first_moment (bigD1 l) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => k _.
  by rewrite mulr_ge0 ?p0 ?sqr_ge0.
rewrite (weighted_energyE kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1).
move: (surplus _ _ _ _) G0 (first_moment _ _ _ _) (first_ge0 kind a v (p0 o)) S1 => G G0 S S0 S1.
move: (phi (c v l) ^+ 2) (sqr_ge0 (phi (c v l))) el S1 => e e0 el S1.
have em : 0 <= e - low / m%:R.
  have -> : e - low / m%:R = (m%:R * e - C v) / m%:R + (C v - low) / m%:R by field; rewrite gt_eqF.
  have h2 : 0 <= m%:R * e - C v by rewrite subr_ge0.
  by have h3 : 0 <= C v - low by [rewrite subr_ge0]; positive.
move: (low / m%:R) em => x em.
cert (eta * (S - p o l * e + (p o l - delta) * e + delta * (e - x)) / 10%:R
  + eta * S * (2%:R * (21%:R / 20%:R - N v) + 2%:R * (9%:R / 10%:R - C v)) + eta ^+ 2 * G).
Qed.

Lemma prefer_top v : N v <= 21%:R / 20%:R -> (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  forall j, `|phi (c (next o v) j)| <= `|phi (c (next o v) l)|.
Proof.
move=> N1 top j; have fl := f_gt0 kind a_orth eta0 eta1 pE N1 o.
rewrite !(next_phi kind a_orth eta0 eta1 pE N1) !normrM !(gtr0_norm (fl _)).
by apply: mul_le; [exact: ltW (fl j) | exact: normr_ge0 | exact: prefer_factor | exact: top].
Qed.
End Prefer.

Definition wgained (low : R) : R := eta * delta * (low / m%:R) / 10%:R.

Lemma wgained_ge0 low : 0 <= low -> 0 <= wgained low.
Proof.
move=> h; have h1 := eta_ge0; have d := delta_ge0; rewrite /wgained.
by have mi : 0 <= m%:R^-1 :> R by [rewrite invr_ge0 ler0n]; positive.
Qed.

(** A sequence of such outcomes; pick j gives j less than the leader. *)
Section Sequence.
Variables (l : 'I_m) (pick : 'I_m -> Om).
Hypothesis pickP : forall j, prefers p delta l j (pick j).

Lemma prefer_run low js v : 0 <= low -> low <= 9%:R / 10%:R ->
  N v <= 21%:R / 20%:R -> lead l v -> low <= C v ->
  (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  let v' := run next v (map pick js) in
  [/\ N v' <= 21%:R / 20%:R, lead l v',
      forall j, l != j -> root l j v' <= wtheta ^+ count_mem j js * root l j v &
      9%:R / 10%:R <= C v' \/ C v + (size js)%:R * wgained low <= C v'].
Proof.
move=> low0 low1; elim: js v => [|i js IH] v N1 lv lowC top /=.
  split=> // [j _|]; first by rewrite expr0 mul1r lexx.
  by right; rewrite mul0r addr0 lexx.
have [t0 t1] := wtheta_bounds; set v1 := next (pick i) v.
have N1' : N v1 <= 21%:R / 20%:R by have [] := next_trap kind a_orth eta0 eta1 pE (pick i) N1.
have lowC1 : low <= C v1 by apply: (next_level a_orth eta0 eta1 pE).
have [N2 l2 r2 c2] := IH v1 N1' (next_lead a_orth eta0 eta1 pE _ N1 lv) lowC1
  (prefer_top (pickP i) N1 top).
split=> // [j lj|].
  apply: le_trans (r2 j lj) _; rewrite addnC exprD -mulrA.
  apply: mul_le; rewrite ?exprn_ge0 ?sqrtr_ge0 ?lexx //.
  apply: le_trans (prefer_root (pickP i) N1 lj) _; rewrite eq_sym.
  by case: (i == j); rewrite ?expr1 ?expr0 lexx.
case: c2 => [big|c2]; first by left.
have g0 := wgained_ge0 low0.
case: (lerP (9%:R / 10%:R) (C v)) => [big|small].
  left; apply: le_trans c2; have := next_level a_orth eta0 eta1 pE (pick i) N1 (lexx _) big.
  by rewrite -/v1 => big1; apply: le_trans big1 _; cert ((size js)%:R * wgained low).
right; apply: le_trans c2; have := prefer_energy (pickP i) N1 top low0 lowC (ltW small).
rewrite -/(wgained low) -/v1 -addn1 natrD => gain; by cert (C v1 - (C v + wgained low)).
Qed.
End Sequence.

(** ** A run from w0 *)
Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : N w0 <= 21%:R / 20%:R) (w0_active : exists i, phi (c w0 i) != 0).
Local Notation low := (low kind a w0).
Local Notation active := (active kind a w0).
Local Notation reached := (reached kind a w0).

Lemma wreached_next (o : Om) w : reached w -> reached (next o w).
Proof.
case=> N1 C1 sg; have [_ low1 _] := low_bounds w0_active.
have [N2 sg2] := next_trap kind a_orth eta0 eta1 pE o N1.
by split=> // [|j]; [apply: (next_level a_orth eta0 eta1 pE) | rewrite sg2].
Qed.

Hypothesis arch : archimedean R.

Theorem wfar_reached : exists2 M, (0 < M)%N & forall w, reached w ->
  exists2 s : seq Om, size s = M & wfar (run next w s) <= 1 / 2%:R / 2%:R.
Proof.
have [low0 low1 low2] := low_bounds w0_active.
have m0 : (0 < m)%N by apply: leq_trans (ltn_ord i0).
have g0 : 0 < wgained low by rewrite /wgained divr_gt0 ?ltr0n // !mulr_gt0 // invr_gt0 ltr0n.
have [t0 t1] := wtheta_bounds.
have m_ge0 : 0 <= m%:R :> R by rewrite ler0n.
have tenth : 0 < 1 / 10%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [T small] := geometric_small arch t0 t1 m_ge0 tenth.
have [k big] := arch (9%:R / 10%:R / wgained low).
pose K := (T + k).+1; exists (K * m)%N; first by rewrite muln_gt0 m0.
move=> w [N1 C1 sg1]; pose l := leader w.
have Cw : 0 < C w := lt_le_trans low0 C1.
have lw : lead l w by exact: leader_lead.
have top : forall j, `|phi (c w j)| <= `|phi (c w l)| by exact: leaderP.
have [pick pickP] := fin_all_exists (prefer l).
exists (map pick (round m K)); first by rewrite size_map size_round.
have [N2 l2 r2 c2] := prefer_run pickP (round m K) (ltW low0) low1 N1 lw C1 top.
set v := run next w _ in N2 l2 r2 c2 *.
have Cv : 9%:R / 10%:R <= C v.
  case: c2 => // c2; apply: le_trans c2; rewrite size_round.
  have kK : k%:R <= (K * m)%:R :> R.
    rewrite ler_nat; apply: (@leq_trans K); first exact: leqW (leq_addl _ _).
    by rewrite -[X in (X <= _)%N]muln1 leq_mul2l m0 orbT.
  have e : 9%:R / 10%:R = 9%:R / 10%:R / wgained low * wgained low :> R.
    by rewrite divfK // gt_eqF.
  move: (9%:R / 10%:R / wgained low) e big => x e xk.
  apply: (@le_trans _ _ (x * wgained low)); first by rewrite -e lexx.
  move: (wgained low) ((K * m)%:R) kK g0 {e} => g y ky g0; have g0' := ltW g0.
  by have C0 := ltW Cw; cert (C w + (y - k%:R) * g + (k%:R - x) * g).
have Sv : spread l v <= 1 / 10%:R.
  apply: le_trans small; apply: (@le_trans _ _ (\sum_(j < m) wtheta ^+ T)); last first.
    by rewrite sumr_const card_ord mulr_natr lexx.
  rewrite [X in _ <= X](bigID (fun j => j != l)) /= -[X in X <= _]addr0; apply: add_le; last first.
    by apply: sumr_ge0 => j _; rewrite exprn_ge0.
  apply: ler_sum => j jl; have lj : l != j by rewrite eq_sym.
  apply: le_trans (r2 j lj) _; rewrite count_round.
  rewrite -[X in _ <= X]mulr1; apply: mul_le; rewrite ?exprn_ge0 ?sqrtr_ge0 //.
    by rewrite /K -addnS exprD -[X in _ <= X]mulr1; apply: mul_le;
      rewrite ?exprn_ge0 ?lexx // exprn_ile1 // ltW.
  by apply: root_le1.
exact: le_trans (functional_le _ _ Cv l2) (weighed_quarter a_orth k0 k1 N2 Cv Sv).
Qed.

Theorem wfar_vanishes w : reached w -> vanishes_almost_surely next wfar w.
Proof.
have [M M0 reach] := wfar_reached; have [q0 q1] := wq_bounds eta0 eta1 delta0 delta1 prefer i0.
have half : 0 < 1 / 2%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
move=> rw.
apply: (captured (Om0 prefer i0) wreached_next (fun v _ => wfar_ge0 v) half q0 q1 _ M0 reach arch
  rw).
by move=> v [N1 _ _]; exact: wfar_contracts.
Qed.

(** A step keeps at least half of every active projection. *)
Lemma next_halves (o : Om) v i : reached v -> active i ->
  exists2 f, 1 / 2%:R <= f & c (next o v) i = f * c v i.
Proof.
move=> rv ai; have [N1 _ _] := rv.
have li : lead i v by rewrite (reached_lead i rv).
have li' : lead i (next o v) by rewrite (reached_lead i (wreached_next o rv)).
exists (wfactor kind a eta (p o) v i);
  last by rewrite -(phi_active li') -[in RHS](phi_active li) (next_phi kind a_orth eta0 eta1 pE N1).
have [_ s1] := wtrap_scalar kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1.
have := wfactor_ge kind a (p0 o) eta_ge0 N1 i; apply: le_trans.
by move: (wshrink _ _ _ _ _) s1 => s s1; cert ((s - 79%:R / 100%:R) + 29%:R / 100%:R).
Qed.

Theorem wstays_almost_surely e q : 0 < e -> 0 < q -> exists T0, forall T,
  chance R (T0 + T) (fun s : seq Om => ~~ stays kind a w0 e (drop T0 (states next w0 s))) <= q.
Proof.
exact: (stays_if_vanishes a_orth k0 k1 w0_in w0_active wreached_next next_halves
  (wfar_vanishes (reached0 w0_in w0_active))).
Qed.
End Converge.
