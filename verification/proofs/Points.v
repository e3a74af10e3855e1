(** That there is a data point is often implied: without one the loss is 0 and not 1/2 - 1/(2m),
    which is 1/2 then (x/0 = 0); m bounds a positive number; or the active part is not 0. *)
From mathcomp Require Import all_ssreflect all_algebra.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Points.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).

Lemma no_points_loss w : (0 < m)%N = false -> loss kind a w = 0.
Proof.
move/negbT; rewrite -eqn0Ngt => /eqP mE; rewrite /loss.
have -> : m%:R = 0 :> R by rewrite mE.
by rewrite invr0 mul0r.
Qed.

Lemma minimum_points w : loss kind a w = min_loss R m -> (0 < m)%N.
Proof.
case m0: (0 < m)%N => //; rewrite no_points_loss // /min_loss.
move/negbT: m0; rewrite -eqn0Ngt => /eqP ->; rewrite mulr0 invr0 subr0 => /eqP.
by rewrite eq_sym invr_eq0 pnatr_eq0.
Qed.

Lemma step_size_points (eta k : R) : 0 < eta -> eta <= m%:R / k -> (0 < m)%N.
Proof.
move=> e0 le; rewrite lt0n; apply/eqP => mE; move: (lt_le_trans e0 le).
by rewrite mE mul0r ltxx.
Qed.

Lemma energy_points w x : 0 <= x -> x < energy kind a w -> (0 < m)%N.
Proof.
move=> x0 xC; rewrite lt0n; apply/eqP => mE; move: (le_lt_trans x0 xC).
rewrite /energy big1 ?ltxx // => i _; exfalso; by move: (ltn_ord i); rewrite [X in (_ < X)%N]mE.
Qed.

Lemma span_points w x : 0 <= x -> w = active_part kind a w -> sqnorm w = 1 + x -> (0 < m)%N.
Proof.
move=> x0 wG NE; rewrite lt0n; apply/eqP => mE; move: NE; rewrite wG /active_part big1 => [|i _].
  rewrite /sqnorm /dot big1 => [/eqP|k _]; last by rewrite !mxE mul0r.
  by rewrite eq_sym paddr_eq0 ?ler01 // oner_eq0.
by exfalso; move: (ltn_ord i); rewrite [X in (_ < X)%N]mE.
Qed.
End Points.
