(** Mini-batch SGD without replacement ends at one data point, almost surely: the theorem of
    [Converge] in the words of [Definitions]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut.
From Whichmin Require Import Ending Assemble Reach Converge Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Theorem sgd_ends_at_one_point (R : rcfType) (m n b : nat) (kind : activation)
    (a : 'I_m -> 'rV[R]_n) (eta : R) (w0 : 'rV[R]_n) :
  archimedean R -> orthonormal a -> (0 < b)%N /\ (b < m)%N -> 0 < eta /\ eta / b%:R <= 5%:R^-1 ->
  sqnorm w0 <= 21%:R / 20%:R -> (exists i, eligible kind a w0 i) ->
  forall e p, 0 < e -> 0 < p -> exists T0, forall T,
    chance R (T0 + T) (fun Bs : seq (batch m b) => ~~ settled kind a eta w0 e T0 Bs) <= p.
Proof.
move=> archimedes orthonormal_data [b0 bm] [eta0 eta1] start [i ei] e p e0 p0.
have active : exists i, phi kind (corr a w0 i) != 0 by exists i; rewrite -eligibleE.
have e2 : 0 < e ^+ 2 by rewrite exprn_gt0.
have [T0 h] :=
  stays_almost_surely orthonormal_data eta0 eta1 b0 bm i start active archimedes e2 p0.
exists T0 => T; apply: le_trans (h T); apply: ler_chance => Bs; apply: contra.
case/existsP => j /andP[aj nj]; apply/existsP; exists j; rewrite eligibleE.
by apply/andP; split; [exact: aj | exact: nj].
Qed.
