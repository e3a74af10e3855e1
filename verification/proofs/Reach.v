(** Reachability: from every state that a run can reach, one fixed number of well-chosen batches
    brings the functional low. All of them have the leader; each other point is left out in turn. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending Assemble.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Reach.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation root := (root kind a).
Local Notation miss := (miss kind a).
Local Notation lead := (lead kind a).
Local Notation spread := (spread kind a).
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).

Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al_gt0 : 0 < al. Proof. exact: al_pos. Qed.
Let al_ge0 : 0 <= al. Proof. exact: ltW al_gt0. Qed.

(** One step *)
Section OneStep.
Variables (v : 'rV[R]_n) (o : batch).
Hypothesis N1 : N v <= 21%:R / 20%:R.
Local Notation f := (factor kind a eta v o).

Lemma sgd_trap : N (sgd o v) <= 21%:R / 20%:R /\ forall j, Num.sg (c (sgd o v) j) = Num.sg (c v j).
Proof. by apply: trap => //; rewrite (card_batch o). Qed.

Lemma sgd_phi j : phi (c (sgd o v) j) = f j * phi (c v j).
Proof. by rewrite phi_step_batch ?(card_batch o). Qed.

Lemma f_gt0 j : 0 < f j.
Proof. exact: factor_gt0. Qed.

Lemma sgd_level l : l <= 9%:R / 10%:R -> l <= C v -> l <= C (sgd o v).
Proof. by move=> l1 lC; apply: energy_level_kept; rewrite ?(card_batch o). Qed.

Lemma sgd_lead l : lead l v -> lead l (sgd o v).
Proof. by rewrite /Assemble.lead sgd_phi mulf_eq0 negb_or => ->; rewrite gt_eqF ?f_gt0. Qed.

Lemma factor_le l j : l \in val o -> f j <= f l.
Proof.
move=> lo; have [s0 sg0] := factors kind a_orth eta_ge0 al1 N1 o.
rewrite /factor lo; case: ifP => _; first exact: lexx.
rewrite -subr_ge0 [shrink _ _ _ _ _ + _]addrC addrK /gain (card_batch o) mulr_ge0 ?al_ge0 //.
by cert ((21%:R / 20%:R - N v) + 19%:R / 20%:R).
Qed.

Lemma shrink_ge0_le1 : 0 <= shrink kind a eta (val o) v /\ shrink kind a eta (val o) v <= 1.
Proof.
have [s0 _] := factors kind a_orth eta_ge0 al1 N1 o; split; first exact: ltW.
have S0 := batch_energy_ge0 kind a (val o) v; have h := al_ge0; rewrite /shrink (card_batch o).
by move: (eta / b%:R) h => A h; cert (A * batch_energy kind a (val o) v).
Qed.

Definition theta : R := (1 + (1 + 19%:R / 20%:R * al)^-1) / 2%:R.

Lemma theta_den : 0 < 1 + 19%:R / 20%:R * al.
Proof. by apply: (lt_le_trans ltr01); have h := al_ge0; move: (eta / b%:R) h => A h; cert (19%:R / 20%:R * A). Qed.

Lemma theta_bounds : 0 <= theta /\ theta < 1.
Proof.
have d0 := theta_den; have h := al_gt0; have d1 : 0 <= (1 + 19%:R / 20%:R * al)^-1.
  by rewrite invr_ge0 ltW.
split; first by rewrite /theta; positive.
have e : 0 < (1 + 19%:R / 20%:R * al) - 1.
  by rewrite [1 + _]addrC addrK mulr_gt0 // divr_gt0 // ltr0n.
rewrite /theta; move: (1 + 19%:R / 20%:R * al) d0 e => d d0 e.
rewrite -subr_gt0; have -> : 1 - (1 + d^-1) / 2%:R = (d - 1) / 2%:R / d by field; rewrite gt_eqF.
by rewrite divr_gt0 // divr_gt0 // ltr0n.
Qed.

Lemma sqrt_le (x : R) : 0 <= x -> Num.sqrt x <= (1 + x) / 2%:R.
Proof.
move=> x0; rewrite -{2}(sqr_sqrtr x0); by cert ((1 - Num.sqrt x) ^+ 2 / 2%:R).
Qed.

Lemma root_in l j : l \in val o ->
  root l j (sgd o v) <= (if j \in val o then 1 else theta) * root l j v.
Proof.
move=> lo; have fl := f_gt0 l; have fj := f_gt0 j; have r0 := root_ge0 kind a l j v.
have [s0 s1] := shrink_ge0_le1.
have y0 : 0 <= f j / f l by rewrite mulr_ge0 ?invr_ge0 // ltW.
rewrite (root_step kind a_orth eta_ge0 al1) // -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
apply: le_trans (sqrt_le y0) _; have h := al_ge0.
have fi : 0 <= (f l)^-1 by rewrite invr_ge0 ltW.
case: (boolP (j \in val o)) => jo.
  have : 0 <= 1 - f j / f l.
    have -> : 1 - f j / f l = (f l - f j) / f l by field; rewrite gt_eqF.
    by rewrite mulr_ge0 // subr_ge0 factor_le.
  by move: (f j / f l) => y k; cert ((1 - y) / 2%:R).
have d0 := theta_den.
have k : 0 <= (1 + 19%:R / 20%:R * al)^-1 - f j / f l.
  have frac (d x y : R) : 0 < d -> 0 < x -> d^-1 - y / x = (x - y * d) / x / d.
    by move=> dp xp; field; rewrite !gt_eqF.
  rewrite frac //.
  rewrite mulr_ge0 ?invr_ge0 ?(ltW d0) // mulr_ge0 //.
  rewrite /factor lo (negbTE jo) /gain (card_batch o); move: (shrink _ _ _ _ _) s0 s1 => s s0 s1.
  have N1' : 0 <= 21%:R / 20%:R - N v by rewrite subr_ge0.
  have s1' : 0 <= 1 - s by rewrite subr_ge0.
  move: (eta / b%:R) h => A h; have -> : s + A * (2%:R - N v) - s * (1 + 19%:R / 20%:R * A) =
    A * ((21%:R / 20%:R - N v) + 19%:R / 20%:R * (1 - s)) by field.
  by positive.
rewrite /theta; move: (_^-1) (f j / f l) k => x y k; by cert ((x - y) / 2%:R).
Qed.

(** A batch with the strongest point raises the energy while it is below 9/10. *)
Lemma energy_gain l low : l \in val o -> (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  0 <= low -> low <= C v -> C v <= 9%:R / 10%:R ->
  C v + al * (low / m%:R) / 10%:R <= C (sgd o v).
Proof.
move=> lo top low0 lowC C1; have h := al_ge0; have m0 : 0 < m%:R :> R by rewrite ltr0n (leq_trans b0) // ltnW.
have mi : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ltW.
have el : C v <= m%:R * phi (c v l) ^+ 2.
  apply: (@le_trans _ _ (\sum_(j < m) phi (c v l) ^+ 2)); last first.
    by rewrite sumr_const card_ord mulr_natl lexx.
  apply: ler_sum => j _; rewrite -(real_normK (num_real (phi (c v j)))) -(real_normK (num_real (phi (c v l)))).
  exact: sqr_le_of_abs (normr_ge0 _) (top j).
have Sl : phi (c v l) ^+ 2 <= batch_energy kind a (val o) v.
  rewrite /batch_energy (bigD1 l) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: sqr_ge0.
have SC : batch_energy kind a (val o) v <= C v by exact: batch_energy_le_energy.
have S0 := batch_energy_ge0 kind a (val o) v.
have Sm : 0 <= batch_energy kind a (val o) v - low / m%:R.
  have -> : batch_energy kind a (val o) v - low / m%:R =
    (batch_energy kind a (val o) v - phi (c v l) ^+ 2) + (m%:R * phi (c v l) ^+ 2 - C v) / m%:R + (C v - low) / m%:R.
    by field; rewrite gt_eqF.
  have h1 : 0 <= batch_energy kind a (val o) v - phi (c v l) ^+ 2 by rewrite subr_ge0.
  have h2 : 0 <= m%:R * phi (c v l) ^+ 2 - C v by rewrite subr_ge0.
  by have h3 : 0 <= C v - low by [rewrite subr_ge0]; positive.
rewrite sgd_energy //; move: (low / m%:R) (batch_energy kind a (val o) v) Sm SC S0 => x S Sm SC S0.
have N1' : 0 <= 21%:R / 20%:R - N v by rewrite subr_ge0.
have C1' : 0 <= 9%:R / 10%:R - C v by rewrite subr_ge0.
have SC' : 0 <= C v - S by rewrite subr_ge0.
move: (eta / b%:R) h => A h.
cert (A * (S - x) / 10%:R + A * S * (2%:R * (21%:R / 20%:R - N v) + 2%:R * (9%:R / 10%:R - C v)
  + A * ((2%:R - N v - S) ^+ 2 + S * (C v - S)))).
Qed.

Lemma leader_kept l : l \in val o -> (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  forall j, `|phi (c (sgd o v) j)| <= `|phi (c (sgd o v) l)|.
Proof.
move=> lo top j; rewrite !sgd_phi !normrM !(gtr0_norm (f_gt0 _)).
by apply: mul_le; [exact: ltW (f_gt0 j) | exact: normr_ge0 | exact: factor_le | exact: top].
Qed.
End OneStep.

(** A sequence of batches that all have l; the batch for j leaves j out. *)
Section Sequence.
Variables (l : 'I_m) (pick_batch : 'I_m -> batch) (low : R).
Hypotheses (has_l : forall j, l \in val (pick_batch j))
  (omits : forall j, l != j -> j \notin val (pick_batch j)) (low0 : 0 <= low)
  (low1 : low <= 9%:R / 10%:R).
Definition gained : R := al * (low / m%:R) / 10%:R.

Lemma run_good js v : N v <= 21%:R / 20%:R -> lead l v -> low <= C v ->
  (forall j, `|phi (c v j)| <= `|phi (c v l)|) ->
  let v' := run sgd v [seq pick_batch j | j <- js] in
  [/\ N v' <= 21%:R / 20%:R, lead l v',
      forall j, l != j -> root l j v' <= theta ^+ count_mem j js * root l j v &
      9%:R / 10%:R <= C v' \/ C v + (size js)%:R * gained <= C v'].
Proof.
elim: js v => [|i js IH] v N1 lv lowC top /=.
  split=> // [j _|]; first by rewrite expr0 mul1r lexx.
  by right; rewrite mul0r addr0 lexx.
have [t0 t1] := theta_bounds; set v1 := sgd (pick_batch i) v.
have N1' : N v1 <= 21%:R / 20%:R by have [] := sgd_trap (pick_batch i) N1.
have lowC1 : low <= C v1 by apply: sgd_level.
have [N2 l2 r2 c2] := IH v1 N1' (sgd_lead _ N1 lv) lowC1 (leader_kept N1 (has_l i) top).
split=> // [j lj|].
  apply: le_trans (r2 j lj) _; have r0 := root_ge0 kind a l j v.
  have rin := root_in N1 j (has_l i).
  have -> : theta ^+ ((i == j) + count_mem j js) * root l j v =
    theta ^+ count_mem j js * (theta ^+ (i == j) * root l j v) by rewrite exprD mulrAC mulrC.
  apply: mul_le; rewrite ?exprn_ge0 ?root_ge0 ?lexx //.
  apply: le_trans rin _; rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
  case: (eqVneq i j) => [->|ij]; first by rewrite (negbTE (omits lj)) expr1 lexx.
  by rewrite expr0; case: ifP => _; [exact: lexx | exact: ltW].
case: c2 => [big|c2]; first by left.
case: (lerP (9%:R / 10%:R) (C v)) => [big|small].
  left; apply: le_trans c2; have := sgd_level (pick_batch i) N1 (lexx _) big.
  have g0 : 0 <= gained by rewrite /gained; have h := al_ge0; have mi : 0 <= m%:R^-1 :> R
    by [rewrite invr_ge0 ler0n]; positive.
  by rewrite -/v1 => big1; apply: le_trans big1 _; cert ((size js)%:R * gained).
right; apply: le_trans c2; have := energy_gain N1 (has_l i) top low0 lowC (ltW small).
rewrite -/gained -/v1 -addn1 natrD => gain; by cert (C v1 - (C v + gained)).
Qed.
End Sequence.
End Reach.
