(** Cyclic SGD: the limit of the run is the point that leads at its turn. The last part of the
    proof: the energy rises to 9/10 cycle by cycle; from then on what is missed contracts,
    cycle by cycle, up to errors that fall geometrically. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending CycStep CycCycle CycLimit.
From Whichmin Require Import CycLead Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section End.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m.+1 -> 'rV[R]_n).
Hypothesis arch : archimedean R.
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Variable eta : R.
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1).
Local Notation next := (next kind a eta).
Local Notation rivals := (rivals kind a).
Local Notation missed := (missed kind a).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Variable w0 : 'rV[R]_n.
Hypothesis w0_in : inside eta w0.
Local Notation cyc := (cyclic_sgd kind a eta w0).
Variable t0 : nat.
Local Notation l := (turn m t0).
Hypothesis l_leads : leads kind a l (cyc t0).
Local Notation x0 := (x0 kind a eta w0 t0).
Local Notation q := (q kind a eta w0 t0).
Local Notation start := (start m t0).
Let N1 t : N (cyc t) <= 21%:R / 20%:R. Proof. exact: (cyc_norm kind a_orth eta0 eta1 w0_in). Qed.
Let turn_start k : turn m (start k) = l. Proof. exact: turn_period. Qed.

(** ** The energy rises to 9/10 *)
Definition gain1 : R := eta * x0 / 10%:R.
Lemma gain1_gt0 : 0 < gain1.
Proof. by have [x0p _] := x0_bounds l_leads; rewrite /gain1 divr_gt0 ?ltr0n // mulr_gt0. Qed.

Lemma energy_later x t s : x <= 9%:R / 10%:R -> x <= C (cyc t) -> x <= C (cyc (t + s)).
Proof. exact: (cyc_level a_orth eta0 eta1 w0_in). Qed.

Lemma energy_cycles k : 9%:R / 10%:R <= C (cyc (start k)) \/ k%:R * gain1 <= C (cyc (start k)).
Proof.
elim: k => [|k [big|up]]; first by right; rewrite mul0r; exact: energy_ge0.
  by left; rewrite startS; exact: energy_later.
case: (lerP (9%:R / 10%:R) (C (cyc (start k)))) => [big|/ltW small].
  by left; rewrite startS; exact: energy_later.
have g0 := gain1_gt0; have [x0p _] := x0_bounds l_leads.
have xl := start_own a_orth eta0 eta1 w0_in l_leads k.
have up1 := energy_rises a_orth eta_ge0 eta1 (N1 _) (ltW x0p) xl small.
rewrite -/gain1 -(turn_start k) -[CycStep.next _ _ _ _ _]/(cyc (start k).+1) in up1.
have up2 : k.+1%:R * gain1 <= C (cyc (start k).+1).
  by apply: le_trans up1; rewrite -addn1 natrD; cert (C (cyc (start k)) - k%:R * gain1).
have E : (start k).+1 = (start k + 1)%N by rewrite addn1.
have F : start k.+1 = ((start k).+1 + m)%N by rewrite startS addSnnS.
case: (lerP (k.+1%:R * gain1) (9%:R / 10%:R)) => [le9|/ltW ge9].
  by right; rewrite F; exact: energy_later.
by left; rewrite F; apply: energy_later => //; exact: le_trans ge9 up2.
Qed.

Local Notation M := (m.+1%:R : R).
Definition B : R := M * (21%:R / 20%:R).
Lemma B_gt0 : 0 < B. Proof. by rewrite /B mulr_gt0 ?divr_gt0 ?ltr0n. Qed.

Lemma second_phase : exists K, forall k s, (K <= k)%N ->
  9%:R / 10%:R <= C (cyc (start k + s)) /\ B * q ^+ k <= 1 / 10%:R.
Proof.
have g0 := gain1_gt0; have [q0 q1 _] := q_bounds eta0 eta1 l_leads.
have tenth : 0 < 1 / 10%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [K1 small] := geometric_small arch q0 q1 (ltW B_gt0) tenth.
have [K2 big] := arch (9%:R / 10%:R / gain1); exists (K1 + K2)%N => k s Kk; split.
  apply: energy_later; first exact: lexx.
  case: (energy_cycles k) => // up; apply: le_trans up.
  have e : 9%:R / 10%:R = 9%:R / 10%:R / gain1 * gain1 by rewrite divfK // gt_eqF.
  move: (9%:R / 10%:R / gain1) e big => x e xk; rewrite e.
  have kK : x <= k%:R by apply: le_trans xk _; rewrite ler_nat (leq_trans _ Kk) // leq_addl.
  by move: gain1 g0 {e} => G g0; have g0' := ltW g0; cert ((k%:R - x) * G).
apply: le_trans small; rewrite mulrC; have kE : k = (K1 + (k - K1))%N.
  by rewrite subnKC // (leq_trans _ Kk) // leq_addr.
rewrite kE exprD mulrAC -[X in _ <= X]mulr1; have B0 := ltW B_gt0.
move: B B0 => b b0; apply: mul_le; rewrite ?mulr_ge0 ?exprn_ge0 ?lexx //.
by apply: exprn_ile1 => //; exact: ltW.
Qed.

(** ** What is missed *)
Section Phase.
Variables (k : nat).
Hypotheses (C1 : forall s, 9%:R / 10%:R <= C (cyc (start k + s))) (few : B * q ^+ k <= 1 / 10%:R).
Let E : R := B * q ^+ k.

Lemma few_rivals s : (s <= m.+1)%N -> rivals l (cyc (start k + s)) <= E.
Proof. exact: (rivals_fall a_orth eta0 eta1 w0_in l_leads). Qed.

Lemma missed_cycle s : (s <= m)%N -> missed (cyc (start k + s.+1)) <=
  (1 - eta / 4%:R) * missed (cyc (start k)) + s.+1%:R * (eta * E).
Proof.
have near t : (t <= m.+1)%N -> rivals l (cyc (start k + t)) <= 1 / 10%:R.
  by move=> tm; apply: le_trans (few_rivals tm) few.
elim: s => [|s IH] sm.
  have C0 := C1 0; have n0 := near 0%N isT; have r0 := few_rivals (leq0n m.+1).
  rewrite addn0 in C0 n0 r0.
  have h := missed_own a_orth eta_ge0 eta1 (N1 _) C0 n0.
  rewrite addn1 cyc_next turn_start mul1r; apply: le_trans h _.
  by cert (eta * (E - rivals l (cyc (start k)))).
have sm' : (s.+1 <= m.+1)%N by exact: leq_trans sm _.
have tl : turn m (start k + s.+1) != l.
  have := turns_uniq (start k) (leq_trans (ltnSn _) sm : (s.+2 <= m.+1)%N).
  rewrite turns_last rcons_uniq turns_first turn_start => /andP[out _].
  by apply: contraNneq out => ->; rewrite inE eqxx.
have h := missed_other a_orth eta_ge0 eta1 (N1 _) (C1 s.+1) (near _ sm') tl.
rewrite addnS cyc_next; apply: le_trans h _; have r := few_rivals sm'.
have IH' := IH (ltnW sm); rewrite -[s.+2]addn1 natrD.
move: (missed (cyc (start k + s.+1))) (missed (cyc (start k))) (rivals l (cyc (start k + s.+1)))
  (s.+1%:R) E IH' r => Y Z r x E' IH' rE.
by cert (((1 - eta / 4%:R) * Z + x * (eta * E') - Y) + eta * (E' - r)).
Qed.

Lemma missed_all s : (s <= m.+1)%N ->
  missed (cyc (start k + s)) <= missed (cyc (start k)) + M * (eta * E).
Proof.
have E0 : 0 <= eta * E.
  have [q0 _] := q_power eta0 eta1 l_leads k; have B0 := ltW B_gt0.
  by rewrite /E; positive.
have z0 := missed_ge0 kind a_orth (cyc (start k)).
case: s => [|s] sm; first by rewrite addn0; cert (M * (eta * E)).
apply: le_trans (missed_cycle sm) _.
have sM : s.+1%:R <= M by rewrite ler_nat.
move: (s.+1%:R) M sM => x y xy; cert (eta / 4%:R * missed (cyc (start k)) + (y - x) * (eta * E)).
Qed.
End Phase.

(** ** The limit *)
Theorem leader_wins : converges_to cyc (Num.sg (c w0 l) *: a l).
Proof.
have [q0 q1 q2] := q_bounds eta0 eta1 l_leads; have [K later] := second_phase.
have B0 := ltW B_gt0; have M0 : 0 <= M by rewrite ler0n.
pose D := (M + 2%:R) * B; have D0 : 0 <= D by rewrite /D; positive.
pose z k := missed (cyc (start k)).
have zs k : (K <= k)%N -> 0 <= z k /\ z k.+1 <= (1 - eta / 4%:R) * z k + D * q ^+ k.
  move=> Kk; split; first exact: missed_ge0.
  have C1 s : 9%:R / 10%:R <= C (cyc (start k + s)) by have [h _] := later k s Kk.
  have [_ few] := later k 0%N Kk.
  rewrite /z startS; apply: le_trans (missed_cycle C1 few (leqnn m)) _.
  have qk : 0 <= q ^+ k by rewrite exprn_ge0.
  rewrite -subr_ge0 opprD addrACA subrr add0r.
  have -> : D * q ^+ k - M * (eta * (B * q ^+ k)) = (2%:R + M * (1 - eta)) * B * q ^+ k.
    by rewrite /D; ring.
  have e1 : 0 <= 1 - eta by cert ((5%:R^-1 - eta) + 4%:R / 5%:R).
  by positive.
move=> e e0; have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have [T small] := forced_small arch q0 q1 q2 D0 zs e2.
exists (start (K + T)) => t tT; pose k := ((t - t0) %/ m.+1)%N; pose s := ((t - t0) %% m.+1)%N.
have tE : t = (start k + s)%N.
  by rewrite /start -addnA -divn_eq subnKC // (leq_trans _ tT) // /start leq_addr.
have kKT : (K + T <= k)%N.
  by rewrite /k leq_divRL // -(leq_add2l t0) subnKC // (leq_trans _ tT) // /start leq_addr.
have Kk : (K <= k)%N by exact: leq_trans (leq_addr _ _) kKT.
have Tk : (T <= k)%N by exact: leq_trans (leq_addl _ _) kKT.
have sm : (s <= m.+1)%N by rewrite ltnW // ltn_mod.
have C1 s' : 9%:R / 10%:R <= C (cyc (start k + s')) by have [h _] := later k s' Kk.
have [_ few] := later k 0%N Kk.
have h1 := missed_all C1 few sm; have h2 := few_rivals k sm; have h3 := small k Tk.
have lw := lead_kept a_orth eta0 eta1 w0_in l_leads k sm.
have := close a_orth lw; rewrite (cyc_sg kind a_orth eta0 eta1 w0_in) -tE => near.
apply: le_trans near _; apply: le_trans h3; rewrite -tE in h1 h2.
have qk : 0 <= q ^+ k by rewrite exprn_ge0.
rewrite /z /D; move: (missed (cyc t)) (missed (cyc (start k))) (rivals l (cyc t)) h1 h2 => Y Z r
  h1 h2.
have e1 : 0 <= 1 - eta by cert ((5%:R^-1 - eta) + 4%:R / 5%:R).
move: M M0 h1 => M' M0 h1.
cert ((Z + M' * (eta * (B * q ^+ k)) - Y) + 2%:R * (B * q ^+ k - r) + M' * (1 - eta) * B * q ^+ k).
Qed.
End End.
