(** The same for random step sizes of any exchangeable and uneven kind. The functional [wfar] of
    [SharesConverge] contracts on average by a factor q where it is at most 1/2, and from
    everywhere some run leads there. So for p > 0 there is a step T0 from which on, but for a
    chance of p, it stays below the curve q^(t - T0)/2 (Ville's inequality); the alarm is raised
    at a word that leaves the curve, and stays on. Where it is never raised, the weights come
    close to the points of the leaders, and one step does not lead from one point to another: the
    leader stays the same. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Prob Capture Assemble Reach Converge Shares.
From Whichmin Require Import SharesFarOut SharesDrift SharesTotal SharesConverge Geometric.
From Whichmin Require Import NullSets Infinite Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Curves that are left once are left for ever *)
Section Curves.
Variables (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W) (F : W -> R) (q : R).

Lemma crosses_prefix c w s t : crosses next F q c w (take t s) -> crosses next F q c w s.
Proof.
elim: s c w t => [|o s IH] c w [|t] //=; first by rewrite orbF => ->.
by case/orP => [->//|h]; rewrite (IH _ _ _ h) orbT.
Qed.

Lemma crosses_after_prefix T0 c w s t :
  crosses_after next F q T0 c w (take t s) -> crosses_after next F q T0 c w s.
Proof.
elim: T0 w s t => [|T0 IH] w s t; first exact: crosses_prefix.
by case: s t => [|o s] [|t] //=; exact: IH.
Qed.
End Curves.

(** ** For every p a step from which on the curve is kept *)
Section Kept.
Variables (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W).
Hypothesis Om0 : (0 < #|Om|)%N.
Variables (inv : W -> Prop) (F : W -> R) (top q : R) (M : nat).
Hypotheses (inv_next : forall o w, inv w -> inv (next o w))
  (F0 : forall w, inv w -> 0 <= F w) (top0 : 0 < top) (q0 : 0 < q) (q1 : q < 1)
  (contracts : forall w, inv w -> F w <= top -> mean (fun o => F (next o w)) <= q * F w)
  (M0 : (0 < M)%N)
  (reaches : forall w, inv w -> exists2 s : seq Om, size s = M & F (run next w s) <= top / 2%:R)
  (arch : forall x : R, exists k : nat, x <= k%:R).

Lemma curve_kept w p : inv w -> 0 < p ->
  exists T0, forall T, chance R (T0 + T) (crosses_after next F q T0 top w) <= p.
Proof.
move=> iw p0; have q0' := ltW q0; have [s0 s1] := block_bounds Om0 M q0' q1.
have U0 : 0 <= U F top w := U_ge0 F0 top0 iw.
have x0 : 0 <= U F top w / top by rewrite mulr_ge0 // invr_ge0 ltW.
have [j small] := geometric_small arch s0 s1 x0 p0; exists (j * M)%N => T.
apply: le_trans (crosses_after_chance Om0 inv_next F0 top0 q0 q1 contracts _ _ iw) _.
apply: le_trans small; have ti : 0 <= top^-1 by rewrite invr_ge0 ltW.
rewrite mulrA -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
exact: (blocks Om0 inv_next F0 top0 q0' q1 contracts M0 reaches).
Qed.
End Kept.

Section Random.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Variables (eta : R) (Om : finType) (p : Om -> 'I_m -> R).
Hypotheses (eta0 : 0 < eta) (eta1 : eta <= 5%:R^-1) (pE : shares p).
Variable delta : R.
Hypotheses (delta0 : 0 < delta) (delta1 : delta <= 1)
  (prefer : forall l j, exists o, prefers p delta l j o).
Local Notation next := (shared_step kind a eta p).
Local Notation little := (wlittle eta Om delta).
Variable i0 : 'I_m.
Hypothesis arch : forall x : R, exists k : nat, x <= k%:R.

(** The factor, made positive. *)
Definition decay : R := (1 + wq eta Om delta) / 2%:R.

Lemma decay_bounds : [/\ 0 < decay, decay < 1 & wq eta Om delta <= decay].
Proof.
have [q0 q1] := wq_bounds eta0 eta1 delta0 delta1 prefer i0; rewrite /decay.
move: (wq _ _ _) q0 q1 => q q0 q1; split.
- by rewrite divr_gt0 ?ltr0n // (lt_le_trans ltr01) // -subr_ge0 addrC addKr.
- rewrite -subr_gt0; have -> : 1 - (1 + q) / 2%:R = (1 - q) / 2%:R by field.
  by rewrite divr_gt0 ?ltr0n // subr_gt0.
by have q1' := ltW q1; cert ((1 - q) / 2%:R).
Qed.

Variable w0 : 'rV[R]_n.
Hypotheses (w0_in : sqnorm w0 <= 21%:R / 20%:R) (w0_active : exists i, phi kind (corr a w0 i) != 0).
Local Notation far := (wfar kind a eta Om delta i0).
Local Notation leader := (leader kind a i0).
Local Notation active := (active kind a w0).
Local Notation state draws t := (iterates next w0 draws t).
Let ci : R := (2%:R * little)^-1.

Lemma state_reached draws t : reached kind a w0 (state draws t).
Proof.
elim: t => [|t IH] /=; first exact: reached0.
exact: (wreached_next a_orth eta0 eta1 pE w0_active).
Qed.

Lemma little_bounds : 0 < little /\ little <= 1 / 100%:R.
Proof. exact: (wlittle_bounds eta0 eta1 delta0 delta1 prefer i0). Qed.

Lemma ci_ge0 : 0 <= ci.
Proof. by rewrite invr_ge0 mulr_ge0 ?ler0n // ltW //; have [] := little_bounds. Qed.

Theorem random_null_at_rate : almost_surely (fun draws => exists2 i, active i &
  exists T1, forall t, (T1 <= t)%N ->
    sqnorm (state draws t - target a w0 i) <= decay ^+ (t - T1) * ci).
Proof.
have [d0 d1 qd] := decay_bounds; have half : 0 < 1 / 2%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [k0 k1] := little_bounds; have Om_some := Om0 prefer i0.
have [M M0 reach] := wfar_reached a_orth eta0 eta1 pE delta0 delta1 prefer i0 w0_active arch.
have contracts w : reached kind a w0 w -> far w <= 1 / 2%:R ->
    mean (fun o => far (next o w)) <= decay * far w.
  case=> N1 _ _ small; apply: (@le_trans _ _ (wq eta Om delta * far w)).
    exact: (wfar_contracts a_orth eta0 eta1 pE delta0 delta1 prefer).
  have f0 : 0 <= far w := wfar_ge0 kind a_orth eta0 eta1 delta0 delta1 prefer i0 w.
  by cert ((decay - wq eta Om delta) * far w).
apply: lasting_alarm => x x0; have xR : 0 < ratr x :> R by rewrite ltr0q.
have [T0 kept] := curve_kept Om_some
  (wreached_next a_orth eta0 eta1 pE w0_active)
  (fun v _ => wfar_ge0 kind a_orth eta0 eta1 delta0 delta1 prefer i0 v) half d0 d1 contracts
  M0 reach arch (reached0 w0_in w0_active) xR.
exists (crosses_after next far decay T0 (1 / 2%:R) w0); split=> [s t|draws silent|T].
- exact: crosses_after_prefix.
- have curve t : (T0 <= t)%N -> active (leader (state draws t)) /\
      sqnorm (state draws t - target a w0 (leader (state draws t))) <= decay ^+ (t - T0) * ci.
    move=> T0t; have ts : (t <= size (mkseq draws t))%N by rewrite size_mkseq.
    have := below_curve_after 0 (silent t) T0t ts; rewrite nth_iterates // => /ltW below.
    have small : far (state draws t) <= 1 / 2%:R.
      apply: le_trans below _; have := pow_le1 (t - T0) (ltW d0) (ltW d1).
      by move: (_ ^+ _) => y y1; cert ((1 - y) / 2%:R).
    have [aw nw] := functional_near a_orth k0 k1 (state_reached draws t) small.
    split=> //; apply: (@le_trans _ _ (far (state draws t) / little)); first exact: nw.
    rewrite /ci; move: (wfar _ _ _ _ _ _ _) (decay ^+ _) below (wlittle _ _ _) k0 => f y fy k k0'.
    rewrite -subr_ge0; have -> : y * (2%:R * k)^-1 - f / k = (1 / 2%:R * y - f) / k.
      by field; rewrite gt_eqF.
    by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
  have sixteenth : 0 < 1 / 16%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
  have [T [T0T small]] := bound_vanishes arch d0 d1 ci_ge0 T0 sixteenth.
  have close t : (T <= t)%N ->
      Converge.near a w0 (1 / 16%:R) (leader (state draws t)) (state draws t).
    move=> Tt; rewrite /Converge.near; apply: le_trans (small t Tt).
    by have [_] := curve t (leq_trans T0T Tt).
  have same k : leader (state draws (T + k)%N) = leader (state draws T).
    elim: k => [|k IH]; first by rewrite addn0.
    rewrite -IH addnS; apply/esym; have Tk : (T <= T + k)%N := leq_addr _ _.
    have [ak _] := curve _ (leq_trans T0T Tk).
    have c1 := close _ Tk; have c2 := close _ (leqW Tk).
    exact: (same_point a_orth (next_halves a_orth eta0 eta1 pE w0_active)
      (state_reached draws (T + k)) ak c1 c2).
  exists (leader (state draws T)); first by have [] := curve T T0T.
  exists T => t Tt; have [_ nt] := curve t (leq_trans T0T Tt).
  rewrite -(same (t - T)%N) subnKC //; apply: le_trans nt _; have c0 := ci_ge0.
  by apply: mul_le; rewrite ?exprn_ge0 ?(ltW d0) ?lexx //; apply: pow_anti;
    rewrite ?(ltW d0) ?(ltW d1) // leq_sub2l.
rewrite -(ler_rat R) -chance_ratr; have [T0T|TT0] := leqP T0 T.
  by rewrite -(subnKC T0T); exact: kept.
have -> : chance R T (crosses_after next far decay T0 (1 / 2%:R) w0) = 0; last exact: ltW.
rewrite /chance eq_card0 ?mul0r // => s; rewrite inE; apply/negbTE.
have short : (size (tval s) < T0)%N by rewrite size_tuple.
elim: T0 (tval s) w0 short {kept TT0} => // T0 IH [|o r] w //= short; exact: IH.
Qed.
End Random.
