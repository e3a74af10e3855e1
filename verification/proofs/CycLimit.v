(** Cyclic SGD converges to a point that leads when its turn comes: cycle by cycle the ratios
    of the others fall geometrically (CycCycle); the energy rises to 9/10, and from then on
    what is off the active points and |1 - C| shrink by a factor at every turn of the leader,
    up to the energy of the other points. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending CycStep CycCycle.
From Whichmin Require Import Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Sequence.
Variable R : realFieldType.
Hypothesis arch : archimedean R.

(** z contracts up to errors that fall geometrically: then z and the errors tend to 0. *)
Lemma forced_small (z : nat -> R) (r q D : R) K : 0 <= q -> q < 1 -> r <= q -> 0 <= D ->
  (forall k, (K <= k)%N -> 0 <= z k /\ z k.+1 <= r * z k + D * q ^+ k) ->
  forall e, 0 < e -> exists T, forall k, (T <= k)%N -> z k + D * q ^+ k <= e.
Proof.
move=> q0 q1 rq D0 zs e e0; have d0 : 0 < 1 - q by rewrite subr_gt0.
have [L [L0 LD]] : exists L, 0 <= L /\ L * (1 - q) = 2%:R * D.
  exists (2%:R * D / (1 - q)); split; last by rewrite divfK // gt_eqF.
  by rewrite mulr_ge0 ?invr_ge0 ?(ltW d0) //; positive.
have DL : D <= L.
  rewrite -subr_ge0; have -> : L - D = (L * (1 - q) - D) + L * q by ring.
  by rewrite LD; have -> : 2%:R * D - D = D by [ring]; positive.
pose p := (1 + q) / 2%:R; pose G k := z k + L * q ^+ k.
have p0 : 0 <= p by rewrite /p; positive.
have p1 : p < 1.
  rewrite -subr_gt0; have -> : 1 - p = (1 - q) / 2%:R by rewrite /p; field.
  by rewrite divr_gt0 ?ltr0n.
have drop i : G (K + i)%N <= p ^+ i * G K.
  elim: i => [|i IH]; first by rewrite addn0 expr0 mul1r lexx.
  rewrite addnS exprS -mulrA; apply: (@le_trans _ _ (p * G (K + i)%N)); last first.
    by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
  have [z0 z1] := zs _ (leq_addr i K); rewrite /G exprS.
  have qk : 0 <= q ^+ (K + i) by rewrite exprn_ge0.
  move: (z _) (z _.+1) (q ^+ _) z0 z1 qk => y x u y0 xy u0; have d0' := ltW d0.
  rewrite -subr_ge0.
  have -> : p * (y + L * u) - (x + L * (q * u)) = (r * y + D * u - x) + (q - r) * y + (1 - q) /
    2%:R * y
    + u / 2%:R * (L * (1 - q) - 2%:R * D) by rewrite /p; field.
  by rewrite LD subrr mulr0 addr0; positive.
have G0 : 0 <= G K by have [z0 _] := zs K (leqnn K); rewrite /G addr_ge0 // mulr_ge0 ?exprn_ge0.
have [T small] := geometric_small arch p0 p1 G0 e0; exists (K + T)%N => k kT.
have kE : k = (K + (T + (k - (K + T))))%N by rewrite addnA subnKC.
apply: (@le_trans _ _ (G k)).
  by have u0 : 0 <= q ^+ k by [rewrite exprn_ge0]; rewrite /G; cert ((L - D) * q ^+ k).
rewrite kE; apply: le_trans (drop _) _; apply: le_trans small; rewrite exprD mulrAC.
rewrite -[X in _ <= X]mulr1; apply: mul_le; rewrite ?mulr_ge0 ?exprn_ge0 ?lexx //.
by apply: exprn_ile1 => //; exact: ltW.
Qed.
End Sequence.

(** ** Near the end: what one step does to the part that is missed *)
Section Missed.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Variable eta : R.
Hypotheses (eta0 : 0 <= eta) (eta1 : eta <= 5%:R^-1).
Local Notation next := (next kind a eta).
Local Notation own := (own kind a).

Definition rivals l w : R := \sum_(i | i != l) own i w.
Definition missed w : R := 4%:R * rest w + `|1 - C w|.

Lemma missed_ge0 w : 0 <= missed w.
Proof.
have := rest_ge0 kind a_orth w; have := normr_ge0 (1 - C w) => y0 r0.
by rewrite /missed; positive.
Qed.

Lemma rivals_ge0 l w : 0 <= rivals l w.
Proof. by apply: sumr_ge0 => i _; exact: own_ge0. Qed.

Lemma energy_rivals l w : C w = own l w + rivals l w.
Proof. by rewrite /energy /rivals (bigD1 l). Qed.

Section OneStep.
Variables (w : 'rV[R]_n) (l : 'I_m).
Hypotheses (N1 : N w <= 21%:R / 20%:R) (C1 : 9%:R / 10%:R <= C w) (far : rivals l w <= 1 / 10%:R).
Let C2 : C w <= 21%:R / 20%:R. Proof. exact: le_trans (energy_le kind a_orth w) N1. Qed.
Let x1 : - (1 / 20%:R) <= 1 - C w. Proof. by have h := C2; cert (21%:R / 20%:R - C w). Qed.
Let x2 : 1 - C w <= 1 / 10%:R. Proof. by cert (C w - 9%:R / 10%:R). Qed.
Let r0 : 0 <= rest w. Proof. exact: rest_ge0. Qed.
Let r1 : rest w <= 3%:R / 20%:R.
Proof. by rewrite /Definitions.rest; cert ((21%:R / 20%:R - N w) + (C w - 9%:R / 10%:R)). Qed.

Lemma rest_next_le i : rest (next i w) <= (1 - eta * own i w) * rest w.
Proof.
rewrite (rest_next kind a_orth eta0 eta1 i N1) /sh.
have [s0 _] := sh_gt0 kind a_orth eta0 eta1 i N1; have s0' : 0 <= 1 - eta * own i w by exact: ltW.
move: (own i w) (own_ge0 kind a i w) s0' => X X0 s0'.
by cert ((1 - eta * X) * (eta * X) * rest w).
Qed.

(** At the leader's turn it shrinks. *)
Lemma missed_own : missed (next l w) <= (1 - eta / 4%:R) * missed w + eta * rivals l w.
Proof.
have d0 := rivals_ge0 l w; have rs := rest_next_le l; have CE := energy_rivals l w.
have SE : own l w = 1 - (1 - C w) - rivals l w by rewrite CE; ring.
have := ending_in eta0 eta1 x1 x2 r0 r1 d0 far SE.
have -> : 1 - C w - eta * own l w * (4%:R * (1 - C w) - 2%:R * rest w +
   eta * ((2%:R * (1 - C w) - rest w + rivals l w) ^+ 2 + own l w * rivals l w)) = 1 - C (next l w).
  have -> : rivals l w = C w - own l w by rewrite CE; ring.
  rewrite (energy_next kind a_orth eta0 eta1 l N1) /Definitions.rest.
  by move: (N w) (C w) (own l w) => N' C' S'; ring.
have Sge : 4%:R / 5%:R <= own l w.
  by move: (C1); rewrite CE => h; cert ((own l w + rivals l w - 9%:R / 10%:R) + (1 / 10%:R -
    rivals l w)).
have y0 := normr_ge0 (1 - C w); rewrite /missed;
  move: `|1 - C (next l w)| `|1 - C w| y0 => x' x y0 xs.
move: (rest (next l w)) (rest w) (own l w) (rivals l w) r0 rs Sge xs d0 => r' r S E rr rs Sge xs d0.
cert (((1 - 3%:R * eta) * x + 11%:R / 5%:R * eta * r + eta * E - x')
  + 4%:R * ((1 - eta * S) * r - r') + 4%:R * eta * (S - 4%:R / 5%:R) * r + 11%:R / 4%:R * eta * x).
Qed.

(** At the turn of another point it grows by no more than that point's energy. *)
Lemma missed_other i : i != l -> missed (next i w) <= missed w + eta * rivals l w.
Proof.
move=> il; have S0 := own_ge0 kind a i w; have rs := rest_next_le i.
have S1 : own i w <= rivals l w.
  rewrite /rivals (bigD1 i) //= -subr_ge0 addrC addKr; apply: sumr_ge0 => j _; exact: own_ge0.
have := ending_out eta0 eta1 x1 x2 r0 r1 S0 (le_trans S1 far).
have -> : 1 - C w - eta * own i w * (4%:R * (1 - C w) - 2%:R * rest w +
   eta * ((1 + (1 - C w) - rest w - own i w) ^+ 2 + own i w * (1 - (1 - C w) - own i w))) =
   1 - C (next i w).
  rewrite (energy_next kind a_orth eta0 eta1 i N1) /Definitions.rest.
  by move: (N w) (C w) (own i w) => N' C' S'; ring.
rewrite /missed; move: `|1 - C (next i w)| `|1 - C w| => x' x.
move: (rest (next i w)) (rest w) (own i w) (rivals l w) r0 rs S0 S1 => r' r S E rr rs S0 S1 xs.
cert ((x + eta * S - x') + 4%:R * ((1 - eta * S) * r - r') + 4%:R * eta * S * r + eta * (E - S)).
Qed.
End OneStep.

(** At the leader's turn the energy rises while it is below 9/10. *)
Lemma energy_rises w l x : N w <= 21%:R / 20%:R -> 0 <= x -> x <= own l w -> C w <= 9%:R / 10%:R ->
  C w + eta * x / 10%:R <= C (next l w).
Proof.
move=> N1 x0 xl C1; rewrite (energy_next kind a_orth eta0 eta1 l N1).
have SC := own_energy kind a l w; have S0 := own_ge0 kind a l w.
move: (N w) (C w) (own l w) N1 C1 SC S0 xl => N' C' S N1 C1 SC S0 xl.
cert (eta * (S - x) / 10%:R + eta * S * (2%:R * (21%:R / 20%:R - N') + 2%:R * (9%:R / 10%:R - C')
  + eta * ((2%:R - N' - S) ^+ 2 + S * (C' - S)))).
Qed.

(** Little missed and weak rivals mean close to the point l or its opposite. *)
Lemma close l w : phi (c w l) != 0 ->
  N (w - Num.sg (c w l) *: a l) <= missed w + 2%:R * rivals l w.
Proof.
move=> lw; have pE : phi (c w l) = c w l.
  by move: lw; rewrite /Definitions.phi; case: kind => //; case: ifP => // _; rewrite eqxx.
have s2 : Num.sg (c w l) ^+ 2 = 1.
  by move: lw; rewrite pE sqr_sg => ->.
have fE' : Num.sg (c w l) * c w l = `|phi (c w l)| by rewrite pE normrEsg.
have CE : C w = `|phi (c w l)| ^+ 2 + rivals l w.
  by rewrite (real_normK (num_real _)) (energy_rivals l w).
have NE : N (w - Num.sg (c w l) *: a l) = rest w + rivals l w + (1 - `|phi (c w l)|) ^+ 2.
  rewrite sqnormB sqnormZ dotZr -/(corr a w l) fE' s2 /sqnorm a_orth eqxx -/(sqnorm w) /Definitions.rest
    CE.
  by move: (N w) (rivals l w) `|phi (c w l)| => x y z; rewrite /=; ring.
have E0 := rivals_ge0 l w.
have near : (1 - `|phi (c w l)|) ^+ 2 <= `|1 - C w| + rivals l w.
  have [x1 x2] := norm_self (1 - C w).
  move: `|1 - C w| x1 x2 => x; rewrite CE; have := normr_ge0 (phi (c w l)).
  move: `|phi (c w l)| => f f0 x1 x2; case: (lerP f 1) => f1.
    have f1' : 0 <= 1 - f by rewrite subr_ge0.
    by cert ((x - (1 - (f ^+ 2 + rivals l w))) + 2%:R * f * (1 - f)).
  have f1' : 0 <= f - 1 by rewrite subr_ge0 ltW.
  by cert ((x + (1 - (f ^+ 2 + rivals l w))) + 2%:R * rivals l w + 2%:R * (f - 1)).
rewrite NE /missed; have r0 := rest_ge0 kind a_orth w.
move: ((1 - _) ^+ 2) `|1 - C w| near => f x near.
by cert ((x + rivals l w - f) + 3%:R * rest w).
Qed.
End Missed.
