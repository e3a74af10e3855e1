(** The run of cyclic SGD: cycles, the two phases and the limit. See CycStep, CycCycle,
    CycLimit. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending CycStep CycCycle CycLimit.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Turns *)
Section Turns.
Variable m : nat.
Implicit Types (t s k : nat).

Definition turns t s : seq 'I_m.+1 := [seq turn m (t + i) | i <- iota 0 s].

Lemma turns_size t s : size (turns t s) = s.
Proof. by rewrite size_map size_iota. Qed.

Lemma turns_last t s : turns t s.+1 = rcons (turns t s) (turn m (t + s)).
Proof. by rewrite /turns -(addn1 s) iotaD map_cat /= cats1. Qed.

Lemma turns_first t s : turns t s.+1 = turn m t :: turns t.+1 s.
Proof.
rewrite /turns /= addn0; congr (_ :: _); rewrite (iotaDl 1 0) -map_comp.
by apply: eq_map => i; rewrite /= addnA addn1.
Qed.

Lemma turns_uniq t s : (s <= m.+1)%N -> uniq (turns t s).
Proof.
move=> sm; rewrite map_inj_in_uniq ?iota_uniq // => i j; rewrite !mem_iota !add0n /= => im jm E.
have {E} : ((t + i) %% m.+1 = (t + j) %% m.+1)%N by move/(congr1 val): E.
move/eqP; rewrite eqn_modDl !modn_small; first by move/eqP.
  exact: leq_trans jm sm.
exact: leq_trans im sm.
Qed.

Lemma turns_all t j : j \in turns t m.+1.
Proof.
have u := turns_uniq t (leqnn m.+1).
have E : #|turns t m.+1| = #|{: 'I_m.+1}| by rewrite (card_uniqP u) turns_size card_ord.
by rewrite (subset_cardP E (subset_predT _)).
Qed.

Lemma turn_period t k : turn m (t + k * m.+1) = turn m t.
Proof. by apply: val_inj; rewrite /= addnC modnMDl. Qed.
End Turns.

Section Lead.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1).
Local Notation next := (next kind a eta).
Local Notation own := (own kind a).
Local Notation inside := (inside eta).
Local Notation through := (through kind a eta).
Local Notation rivals := (rivals kind a).
Local Notation missed := (missed kind a).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.

Variable w0 : 'rV[R]_n.
Hypothesis w0_in : inside w0.
Local Notation cyc := (cyclic_sgd kind a eta w0).

Lemma cyc_next t : cyc t.+1 = next (turn m t) (cyc t).
Proof. by []. Qed.

Lemma cyc_inside t : inside (cyc t).
Proof. by elim: t => // t IH; rewrite cyc_next; exact: inside_next. Qed.

Lemma cyc_norm t : N (cyc t) <= 21%:R / 20%:R.
Proof. exact: (inside_norm eta_ge0 eta1 (cyc_inside t)). Qed.

Lemma cyc_sg t j : Num.sg (c (cyc t) j) = Num.sg (c w0 j).
Proof.
elim: t => // t IH; rewrite cyc_next -IH.
by have [_ h] := next_trap kind a_orth eta_ge0 eta1 (turn m t) (cyc_norm t); exact: h.
Qed.

Lemma cyc_through t s : cyc (t + s) = through (turns m t s) (cyc t).
Proof.
elim: s => [|s IH]; first by rewrite addn0.
by rewrite turns_last /CycCycle.through foldl_rcons -/(through _ _) -IH addnS.
Qed.

Lemma cyc_level x t s : x <= 9%:R / 10%:R -> x <= C (cyc t) -> x <= C (cyc (t + s)).
Proof.
move=> x1 xC; elim: s => [|s IH]; first by rewrite addn0.
by rewrite addnS cyc_next; apply: next_level => //; exact: cyc_norm.
Qed.

(** The turn t0 is that of the leader l. *)
Variable t0 : nat.
Local Notation l := (turn m t0).
Hypothesis l_leads : leads kind a l (cyc t0).

Lemma square_le (x y : R) : `|x| <= `|y| -> x ^+ 2 <= y ^+ 2.
Proof.
by move=> xy; rewrite -(real_normK (num_real x)) -(real_normK (num_real y));
   apply: sqr_le_of_abs => //; exact: normr_ge0.
Qed.

Definition low : R := if C (cyc t0) <= 9%:R / 10%:R then C (cyc t0) else 9%:R / 10%:R.
Definition x0 : R := low / m.+1%:R.
Definition theta : R := eta ^+ 3 * x0 ^+ 2 / 6%:R.
Definition q : R := 1 - theta.

Let M0 : 0 < m.+1%:R :> R. Proof. by rewrite ltr0n. Qed.

Lemma low_bounds : [/\ 0 < low, low <= 9%:R / 10%:R & low <= C (cyc t0)].
Proof.
have C0 : 0 < C (cyc t0).
  apply: lt_le_trans (own_energy kind a l (cyc t0)); rewrite lt_def own_ge0 andbT sqrf_eq0.
  by case: l_leads.
rewrite /low; case: (lerP (C (cyc t0)) (9%:R / 10%:R)) => h; first by split; rewrite ?lexx.
by split; rewrite ?lexx ?(ltW h) // divr_gt0 ?ltr0n.
Qed.

Lemma x0_bounds : 0 < x0 /\ x0 <= 9%:R / 10%:R.
Proof.
have [l0 l1 _] := low_bounds; split; first by rewrite divr_gt0.
apply: le_trans l1; rewrite -subr_ge0 /x0.
have frac (x M : R) : 0 < M -> x - x / M = x * (M - 1) / M by move=> M1; field; rewrite gt_eqF.
rewrite (frac _ _ M0).
by rewrite mulr_ge0 ?invr_ge0 ?(ltW M0) // mulr_ge0 ?(ltW l0) // subr_ge0 ler1n.
Qed.

Lemma theta_bounds : 0 < theta /\ theta <= eta / 4%:R.
Proof.
have [x0p x1] := x0_bounds; have x0' := ltW x0p; have e0 := eta_ge0.
split; first by rewrite /theta divr_gt0 ?ltr0n // mulr_gt0 // exprn_gt0.
rewrite /theta; move: x0 x1 x0' => x x1 x0'.
have k : 0 <= 1 - x by cert ((9%:R / 10%:R - x) + 1 / 10%:R).
cert (eta * ((5%:R^-1 - eta) * (5%:R^-1 + eta) / 6%:R + eta ^+ 2 * ((1 - x) * (1 + x)) / 6%:R
  + 73%:R / 300%:R)).
Qed.

Lemma q_bounds : [/\ 0 <= q, q < 1 & 1 - eta / 4%:R <= q].
Proof.
have [t1 t2] := theta_bounds; split; last by rewrite /q; cert (eta / 4%:R - theta).
  by rewrite /q; cert ((eta / 4%:R - theta) + (5%:R^-1 - eta) / 4%:R + 19%:R / 20%:R).
by rewrite -subr_gt0 /q opprB addrC subrK.
Qed.

Lemma q_power k : 0 <= q ^+ k /\ q ^+ k <= 1.
Proof.
have [q0 q1 _] := q_bounds; split; first exact: exprn_ge0.
by apply: exprn_ile1 => //; exact: ltW.
Qed.

(** The ratios to l are at most rho. *)
Definition ruled rho w := forall j, j != l -> `|phi (c w j)| <= rho * `|phi (c w l)|.

Lemma ruled_top rho w : rho <= 1 -> ruled rho w -> forall j, own j w <= own l w.
Proof.
move=> r1 dom j; case: (eqVneq j l) => [->|jl]; first exact: lexx.
apply: square_le; apply: le_trans (dom j jl) _; have x0 := normr_ge0 (phi (c w l)).
by cert ((1 - rho) * `|phi (c w l)|).
Qed.

Lemma top_own w : low <= C w -> (forall j, own j w <= own l w) -> x0 <= own l w.
Proof.
move=> lC top; have el : C w <= m.+1%:R * own l w.
  apply: (@le_trans _ _ (\sum_(j < m.+1) own l w)); last first.
    by rewrite sumr_const card_ord mulr_natl lexx.
  by apply: ler_sum => j _; exact: top.
rewrite -subr_ge0 /x0.
have frac (x y z M : R) : 0 < M -> x - y / M = ((M * x - z) + (z - y)) / M.
  by move=> M1; field; rewrite gt_eqF.
rewrite (frac _ _ (C w) _ M0).
by rewrite mulr_ge0 ?invr_ge0 ?(ltW M0) // addr_ge0 // subr_ge0.
Qed.

(** One cycle from a state in which l leads. *)
Lemma ruled_cycle t rho : turn m t = l -> low <= C (cyc t) -> 0 <= rho -> rho <= 1 ->
  ruled rho (cyc t) -> (forall s, (s <= m.+1)%N -> ruled rho (cyc (t + s))) /\
  ruled (q * rho) (cyc (t + m.+1)).
Proof.
move=> tl lC rho0 rho1 dom; have top := ruled_top rho1 dom.
have xX := top_own lC top; have [th0 _] := theta_bounds; have th0' := ltW th0.
have th1 : theta <= eta ^+ 3 * own l (cyc t) ^+ 2 / 6%:R.
  have [x0p _] := x0_bounds; have x0' := ltW x0p; have e0 := eta_ge0; rewrite /theta.
  move: (own l (cyc t)) x0 xX x0' => X x xX x0'.
  by cert (eta ^+ 3 * ((X - x) * ((X - x) + 2%:R * x)) / 6%:R).
have mid s : (s < m.+1)%N -> mid kind a eta (cyc t) l theta (turns m t s.+1) (cyc (t + s.+1)).
  move=> sm; rewrite cyc_through turns_first tl; apply: mid_through => //; first exact: cyc_inside.
  by rewrite -tl -turns_first; exact: turns_uniq.
have ratio s sm := mid_ratio a_orth eta_ge0 eta1 (cyc_inside t) (mid s sm) rho0 dom.
split=> [[|s] sm j jl|j jl]; first by rewrite addn0; exact: dom.
  apply: le_trans (ratio s sm j jl) _; case: ifP => _; last exact: lexx.
  have z := normr_ge0 (phi (c (cyc (t + s.+1)) l)).
  by move: `|phi (c (cyc (t + s.+1)) l)| z => z z0; cert (theta * rho * z).
by have := ratio m (leqnn _) j jl; rewrite turns_all.
Qed.

Definition start k := (t0 + k * m.+1)%N.

Lemma startS k : start k.+1 = (start k + m.+1)%N.
Proof. by rewrite /start mulSn addnA addnAC. Qed.

Lemma start_low k s : low <= C (cyc (start k + s)).
Proof. by have [_ l1 l2] := low_bounds; rewrite /start -addnA; apply: cyc_level. Qed.

Lemma ruled_start k : ruled (q ^+ k) (cyc (start k)).
Proof.
elim: k => [|k IH].
  by rewrite /start mul0n addn0 expr0 => j _; rewrite mul1r; case: l_leads => _; exact.
have [q0 q1] := q_power k; rewrite startS exprS.
have tl : turn m (start k) = l by exact: turn_period.
have lk : low <= C (cyc (start k)) by have := start_low k 0; rewrite addn0.
by have [_ h] := ruled_cycle tl lk q0 q1 IH; exact: h.
Qed.

Lemma ruled_all k s : (s <= m.+1)%N -> ruled (q ^+ k) (cyc (start k + s)).
Proof.
move=> sm; have [q0 q1] := q_power k.
have tl : turn m (start k) = l by exact: turn_period.
have lk : low <= C (cyc (start k)) by have := start_low k 0; rewrite addn0.
by have [h _] := ruled_cycle tl lk q0 q1 (ruled_start k); exact: h.
Qed.

(** The rivals' energy falls geometrically, the leader's stays away from 0. *)
Lemma rivals_fall k s : (s <= m.+1)%N ->
  rivals l (cyc (start k + s)) <= m.+1%:R * (21%:R / 20%:R) * q ^+ k.
Proof.
move=> sm; have [q0 q1] := q_power k; have dom := ruled_all k sm.
set w := cyc _ in dom *; apply: (@le_trans _ _ (\sum_(j < m.+1) 21%:R / 20%:R * q ^+ k));
  last first.
  by rewrite sumr_const card_ord -mulr_natl mulrA lexx.
rewrite /CycLimit.rivals [X in X <= _]big_mkcond /=; apply: ler_sum => j _.
have N1 : N w <= 21%:R / 20%:R by exact: cyc_norm.
have XN := own_le kind a_orth l w; have X0 := own_ge0 kind a l w.
case: ifP => jl; last by positive.
have h : own j w <= (q ^+ k) ^+ 2 * own l w.
  rewrite /CycStep.own -exprMn; apply: square_le; apply: le_trans (dom j jl) _.
  by rewrite normrM (ger0_norm q0) lexx.
apply: le_trans h _; move: (q ^+ k) (own l w) q0 q1 X0 XN N1 => u X q0 q1 X0 XN N1.
cert (u * ((21%:R / 20%:R - N w) + (N w - X)) + u * (1 - u) * X).
Qed.

Lemma start_own k : x0 <= own l (cyc (start k)).
Proof.
have [q0 q1] := q_power k; apply: top_own; first by have := start_low k 0; rewrite addn0.
by apply: ruled_top (ruled_start k).
Qed.

Lemma lead_kept k s : (s <= m.+1)%N -> phi (c (cyc (start k + s)) l) != 0.
Proof.
move=> sm; have [q0 q1] := q_power k; have [x0p _] := x0_bounds.
have : x0 <= own l (cyc (start k + s)) by apply: top_own (start_low k s) _;
  apply: ruled_top (ruled_all k sm).
by move/(lt_le_trans x0p); rewrite /CycStep.own lt_def sqrf_eq0 => /andP[].
Qed.
End Lead.
