(** From a state near point i the run stays near it for ever with chance at least 1/4, and then it
    converges to it; with the beginning of [EveryPoint.point_reached] in front, every eligible
    point is the limit with a positive probability that does not depend on the distance asked for.
    *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Reach Converge EveryPoint Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma drop_states (Om W : Type) (next : Om -> W -> W) s0 s T w :
  drop (size s0 + T) (w :: scanl (fun w o => next o w) w (s0 ++ s)) =
  drop T (foldl (fun w o => next o w) w s0 ::
    scanl (fun w o => next o w) (foldl (fun w o => next o w) w s0) s).
Proof. by elim: s0 w => [|o s0 IH] w //=; exact: IH. Qed.

Section Limit.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Variable eta : R.
Local Notation al := (eta / b%:R).
Hypotheses (eta0 : 0 < eta) (al1 : al <= 5%:R^-1) (b0 : (0 < b)%N) (bm : (b < m)%N).
Local Notation batch := (batch m b).
Local Notation sgd := (@FarOut.sgd R m n b kind a eta).
Local Notation little := (little m b eta).
Variables (i : 'I_m) (w0 : 'rV[R]_n).
Hypotheses (w0_in : sqnorm w0 <= 21%:R / 20%:R) (i_active : active kind a w0 i).
Hypothesis arch : archimedean R.
Local Notation leader := (leader kind a i).
Local Notation far := (far b kind a eta i).
Local Notation reached := (reached kind a w0).
Local Notation near := (near a w0).
Let w0_active : exists j, phi kind (corr a w0 j) != 0. Proof. by exists i. Qed.
Let half : 0 < 1 / 2%:R :> R. Proof. by rewrite divr_gt0 ?ltr01 ?ltr0n. Qed.
Let Om0 : (0 < #|{: batch}|)%N. Proof. exact: some_batches bm. Qed.
Let next_reached := reached_next a_orth eta0 al1 w0_active.

(** Ville: from far v <= 1/4 it is ever as large as 1/2 with chance at most 1/2. *)
Lemma stays_low v T : reached v -> far v <= 1 / 2%:R / 2%:R ->
  chance R T (late sgd 0 (fun u => 1 / 2%:R <= far u) v) <= 1 / 2%:R.
Proof.
move=> rv low; have [q0 q1] := q_bounds eta0 al1 b0 bm.
have contracts w : reached w -> far w <= 1 / 2%:R ->
    mean (fun o : batch => far (sgd o w)) <= q m b eta * far w.
  by case=> N1 _ _; exact: far_contracts.
have far0 w : reached w -> 0 <= far w by move=> _; exact: far_ge0.
have := late_U Om0 next_reached far0 half q1 contracts 0 T half rv; rewrite add0n /= => le1.
apply: (@le_trans _ _ (U far (1 / 2%:R) v / (1 / 2%:R))).
  apply: le_trans le1; apply: ler_chance => s; rewrite /late; apply: sub_has => u fu.
  by rewrite /U; case: (lerP (far u) (1 / 2%:R)) => // _; exact: lexx.
have Uf := U_le far (1 / 2%:R) v; move: (U _ _ _) Uf => x xf.
by cert (2%:R * (1 / 2%:R / 2%:R - far v) + 2%:R * (far v - x)).
Qed.

Lemma near_far e v : reached v -> leader v = i -> far v <= 1 / 2%:R -> far v <= e * little ->
  near e i v.
Proof.
move=> rv lv f1 f2; have k0 := little_gt0 eta0 b0 bm; have k1 := little_le eta0 al1 b0 bm.
by have [_] := functional_near_le a_orth k0 k1 rv f1 f2; rewrite lv.
Qed.

Lemma converges_from v : reached v -> leader v = i -> far v <= 1 / 2%:R / 2%:R ->
  forall e, 0 < e -> exists T0, forall T, 1 / 4%:R <=
    chance R (T0 + T) (fun s : seq batch => all (near e i) (drop T0 (states sgd v s))).
Proof.
move=> rv lv low e e0; have k0 := little_gt0 eta0 b0 bm.
have ek : 0 < e * little by rewrite mulr_gt0.
have fourth : 0 < 1 / 4%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
have [e' [e'0 e'k e'h]] : exists e' : R, [/\ 0 < e', e' <= e * little & e' <= 1 / 2%:R].
  case: (lerP (e * little) (1 / 2%:R)) => [|/ltW] h; first by exists (e * little); split=> //;
    exact: lexx.
  by exists (1 / 2%:R); split=> //; exact: lexx.
have [T0 small] := far_vanishes a_orth eta0 al1 b0 bm i w0_active arch rv e'0 fourth.
exists T0 => T; have late1 := small T; have late2 := stays_low (T0 + T) rv low.
set P := (fun s : seq batch => _).
have := @chance_cover R _ Om0 (T0 + T) P (late sgd T0 (fun u => e' <= far u) v)
  (late sgd 0 (fun u => 1 / 2%:R <= far u) v).
move=> cover; suff cov : 1 <= chance R (T0 + T) P + 1 / 4%:R + 1 / 2%:R.
  by cert (chance R (T0 + T) P + 1 / 4%:R + 1 / 2%:R - 1).
apply: le_trans (cover _) _; last by do !apply: add_le; rewrite ?lexx.
move=> s; case: (boolP (late _ T0 _ v s)) => [|notlate]; first by rewrite orbT.
case: (boolP (late _ 0 _ v s)) => [|nothigh]; first by rewrite !orbT.
rewrite !orbF; apply/allP => u uin; have us := mem_drop uin.
have ru := states_reached a_orth eta0 al1 i_active rv us.
have lu := leader_stays a_orth eta0 al1 b0 bm i_active rv lv nothigh us.
have fu : far u <= e'.
  by move/hasPn: notlate => /(_ u uin); rewrite -ltNge => /ltW.
by apply: near_far => //; [exact: le_trans fu e'h | exact: le_trans fu e'k].
Qed.

Theorem every_point : exists2 p0, 0 < p0 & forall e, 0 < e -> exists T0, forall T,
  p0 <= chance R (T0 + T) (fun s : seq batch => all (near e i) (drop T0 (states sgd w0 s))).
Proof.
have [s0 ls fs] := point_reached a_orth eta0 al1 b0 bm w0_in i_active arch.
have rv := run_reached a_orth eta0 al1 i_active s0 (reached0 w0_in w0_active).
have kp : 0 < (#|{: batch}|%:R^-1 : R) ^+ size s0 by rewrite exprn_gt0 // invr_gt0 ltr0n.
exists ((#|{: batch}|%:R^-1) ^+ size s0 * (1 / 4%:R)) => [|e e0].
  by rewrite mulr_gt0 // divr_gt0 ?ltr01 ?ltr0n.
have [T0 h] := converges_from rv ls fs e0; exists (size s0 + T0)%N => T; rewrite -addnA.
apply: le_trans (chance_prefix R Om0 s0 (T0 + T) _).
rewrite -subr_ge0 -mulrBr mulr_ge0 ?(ltW kp) // subr_ge0; apply: le_trans (h T) _.
by apply: ler_chance => s; rewrite /states drop_states.
Qed.
End Limit.
