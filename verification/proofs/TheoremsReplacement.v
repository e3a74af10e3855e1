(** The theorems of [Statements]. A list drawn with replacement gives point i the weight
    multiplicity/b. These weights are non-negative and add up to 1; exchanging two points in all lists
    exchanges their weights; the list that has only i isolates it. So the general theorem applies. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap Prob Converge Weights WeightsFarOut.
From Whichmin Require Import WeightsDrift WeightsTotal WeightsConverge Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem sgd_with_exchangeable_weights : Statements.sgd_with_exchangeable_weights.
Proof.
move=> R m n kind a eta w0 Om p arch orth pE eta0 eta1 start [i ei] e q e0 q0.
have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have act : exists i, phi kind (corr a w0 i) != 0 by exists i; rewrite -eligibleE.
have [T0 h] := wstays_almost_surely orth eta0 eta1 pE i start act arch e2 q0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => os; apply: contra.
case/existsP => j /andP[aj nj]; apply/existsP; exists j; rewrite eligibleE.
by apply/andP; split; [exact: aj | exact: nj].
Qed.

(** ** Lists drawn with replacement as weights *)
Section Lists.
Variables (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R).
Hypothesis b0 : (0 < b)%N.
Definition share (s : draw m b) i : R := (multiplicity s i)%:R / b%:R.

Lemma sum_by_count (V : lmodType R) (F : 'I_m -> V) (s : seq 'I_m) :
  \sum_(k <- s) F k = \sum_i (count_mem i s)%:R *: F i.
Proof.
elim: s => [|k s IH]; first by rewrite big_nil big1 // => i _; rewrite scale0r.
rewrite big_cons IH /= [RHS](eq_bigr (fun i => (k == i)%:R *: F i + (count_mem i s)%:R *: F i)).
  rewrite big_split /=; congr (_ + _); rewrite (bigD1 k) //= eqxx scale1r big1 ?addr0 // => i ik.
  by rewrite eq_sym (negbTE ik) scale0r.
by move=> i _; rewrite natrD scalerDl.
Qed.

Lemma b_neq0 : b%:R != 0 :> R. Proof. by rewrite pnatr_eq0 -lt0n. Qed.

Lemma sum_count (s : seq 'I_m) : (\sum_i count_mem i s = size s)%N.
Proof.
elim: s => [|k s IH] /=; first by rewrite big1.
rewrite big_split /= IH -[RHS]add1n; congr (_ + _)%N; rewrite (bigD1 k) //= eqxx big1 // => i ik.
by rewrite eq_sym (negbTE ik).
Qed.

Lemma count_swap i j k (s : seq 'I_m) :
  count_mem k (map (tperm i j) s) = count_mem (tperm i j k) s.
Proof.
rewrite count_map; apply: eq_count => l /=; by rewrite (can2_eq (tpermK i j) (tpermK i j)).
Qed.

Lemma share_exchangeable : exchangeable share.
Proof.
split=> [o i|o|i j|i].
- by rewrite mulr_ge0 ?invr_ge0 ?ler0n.
- by rewrite -mulr_suml -natr_sum /multiplicity sum_count size_tuple divff ?b_neq0.
- exists (fun s : draw m b => [tuple of map (tperm i j) s]) => [s|s k].
    by apply: val_inj; rewrite /= -map_comp -[RHS]map_id; apply: eq_map => x /=; rewrite tpermK.
  by rewrite /share /multiplicity count_swap.
exists [tuple of nseq b i]; rewrite /share /multiplicity /= count_nseq /= eqxx mul1n.
by rewrite divff ?b_neq0.
Qed.

Lemma replacement_weights s w :
  replacement_step kind a eta s w = weights_step kind a eta share s w.
Proof.
rewrite /replacement_step /weights_step sum_by_count !scaler_sumr; congr (_ - _).
apply: eq_bigr => i _; rewrite !scalerA; congr (_ *: _).
by rewrite /share mulrA mulrAC.
Qed.
End Lists.

Lemma states_ext (Om : finType) (W : Type) (f g : Om -> W -> W) (w : W) (s : seq Om) :
  (forall o v, f o v = g o v) -> states f w s = states g w s.
Proof.
move=> fg; rewrite /states; congr (_ :: _).
by elim: s w => //= o s IH w; rewrite fg IH.
Qed.

Theorem sgd_with_replacement : Statements.sgd_with_replacement.
Proof.
move=> R m n b kind a eta w0 arch orth b0 eta0 eta1 start el e q e0 q0.
have pE := share_exchangeable R m b0.
have [T0 h] := sgd_with_exchangeable_weights arch orth pE eta0 eta1 start el e0 q0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => os; apply: contra.
by rewrite /settled_at_one (states_ext _ _ (@replacement_weights R m n b kind a eta)).
Qed.
