(** The functional of [Assemble], the sum of the roots |c_j/c_l| of all points j but the leader l
    and a little of the distance to the sphere, contracts on average under exchangeable random
    step sizes: no pair of outcomes that differ by an exchange of l and j makes the root of
    |c_j/c_l| grow, and one pair makes it shrink. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Ending.
From Whichmin Require Import Assemble Shares SharesFarOut Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** The ending, for any step sizes: x = 1 - C, r the rest, E the energy of the points but the
    leader, S and G the first moment and the surplus. *)
Section Ending.
Variable R : realFieldType.
Implicit Types x y r E S G u eta : R.

(** The leader with energy x and weight q, the others with energy E, moments y and z. *)
Lemma spare_le x q y z E : 0 <= x -> 0 <= q -> q <= 1 -> 0 <= y -> z <= E -> 0 <= E ->
  0 <= 2%:R * E * (x + E) - ((x + E) * (q ^+ 2 * x + z) - (q * x + y) ^+ 2).
Proof.
move=> x0 q0 q1 y0 zE E0; have q2 : 0 <= 1 - q by rewrite subr_ge0.
have zE' : 0 <= E - z by rewrite subr_ge0.
have -> : 2%:R * E * (x + E) - ((x + E) * (q ^+ 2 * x + z) - (q * x + y) ^+ 2) =
  (E - z) * (x + E) + E * x * ((1 - q) * (1 + q)) + E ^+ 2 + 2%:R * q * x * y + y ^+ 2 by ring.
by positive.
Qed.

Lemma weights_ending eta x r E S G x' r' :
  0 <= eta -> eta <= 5%:R^-1 -> - (1 / 20%:R) <= x -> x <= 1 / 10%:R -> 0 <= r ->
    r <= 3%:R / 20%:R ->
  0 <= S -> S <= 1 - x -> 0 <= G -> 0 <= E ->
  G <= S * (2%:R * x - r) ^+ 2 + 2%:R * (1 + x - r) ^+ 2 * E ->
  x' = x - 2%:R * eta * S * (2%:R * x - r) - eta ^+ 2 * G -> r' <= (1 - eta * S) * r ->
  4%:R * r' + `|x'| <= (4%:R * r + `|x|) - eta / 4%:R * S * (4%:R * r + `|x|) + eta * E.
Proof.
move=> e0 e1 x1 x2 r0 r1 S0 S1 G0 E0 G1 x'E r'E.
have e1' : 0 <= 5%:R^-1 - eta by rewrite subr_ge0.
have x1' : 0 <= x + 1 / 20%:R by cert (x - - (1 / 20%:R)).
have x2' : 0 <= 1 / 10%:R - x by rewrite subr_ge0.
have r1' : 0 <= 3%:R / 20%:R - r by rewrite subr_ge0.
have S1' : 0 <= 1 - x - S by rewrite subr_ge0.
have [y1 y2] := norm_self x; have y0 := normr_ge0 x; set y := `|x| in y0 y1 y2 *.
have y3 : 0 <= 1 / 10%:R - y.
  by rewrite subr_ge0 norm_bounds //; cert ((x + 1 / 20%:R) + 1 / 20%:R).
have S2 : 0 <= 21%:R / 20%:R - S by cert ((1 - x - S) + (x + 1 / 20%:R)).
have k3 : 0 <= 1 - 4%:R * (eta * S).
  by cert (4%:R * eta * (21%:R / 20%:R - S) + 21%:R / 5%:R * (5%:R^-1 - eta) + 4%:R / 25%:R).
have u0 : 0 <= 1 + x - r.
  by cert ((x + 1 / 20%:R) + (3%:R / 20%:R - r) + 8%:R / 10%:R).
have u1 : 0 <= 11%:R / 10%:R - (1 + x - r) by cert ((1 / 10%:R - x) + r).
(* the surplus is a little of the distance, and of E *)
have t1 : 0 <= (2%:R * y + r) - (2%:R * x - r) by cert (2%:R * (y - x) + 2%:R * r).
have t2 : 0 <= (2%:R * y + r) + (2%:R * x - r) by cert (2%:R * (y + x)).
have t3 : 0 <= 35%:R / 100%:R - (2%:R * y + r).
  by cert (2%:R * (1 / 10%:R - y) + (3%:R / 20%:R - r)).
have z0 : 0 <= 2%:R * y + r by positive.
have sq : 0 <= 35%:R / 100%:R * (2%:R * y + r) - (2%:R * x - r) ^+ 2.
  cert ((2%:R * y + r) * (35%:R / 100%:R - (2%:R * y + r))
    + ((2%:R * y + r) - (2%:R * x - r)) * ((2%:R * y + r) + (2%:R * x - r))).
have G2 : 0 <= S * (35%:R / 100%:R * (2%:R * y + r)) + 5%:R / 2%:R * E - G.
  cert (S * (35%:R / 100%:R * (2%:R * y + r) - (2%:R * x - r) ^+ 2)
    + (S * (2%:R * x - r) ^+ 2 + 2%:R * (1 + x - r) ^+ 2 * E - G)
    + 2%:R * E * (11%:R / 10%:R - (1 + x - r)) * (11%:R / 10%:R + (1 + x - r)) + 8%:R / 100%:R * E).
have G3 : 0 <= eta * (5%:R^-1 - eta) * G by positive.
have E3 : 0 <= eta * E by positive.
have eS : 0 <= eta * S by positive.
have x'1 : `|x'| <= y - eta * S * (4%:R * y) + 2%:R * eta * S * r
    + eta / 5%:R * (S * (35%:R / 100%:R * (2%:R * y + r)) + 5%:R / 2%:R * E).
  rewrite x'E; apply: norm_bounds.
    cert ((1 - 4%:R * (eta * S)) * (y - x) + eta ^+ 2 * G
      + eta / 5%:R * (S * (35%:R / 100%:R * (2%:R * y + r)) + 5%:R / 2%:R * E)).
  cert ((1 - 4%:R * (eta * S)) * (y + x) + 4%:R * (eta * S) * r + eta * (5%:R^-1 - eta) * G
    + eta / 5%:R * (S * (35%:R / 100%:R * (2%:R * y + r)) + 5%:R / 2%:R * E - G)).
cert ((y - eta * S * (4%:R * y) + 2%:R * eta * S * r
    + eta / 5%:R * (S * (35%:R / 100%:R * (2%:R * y + r)) + 5%:R / 2%:R * E) - `|x'|)
  + 4%:R * ((1 - eta * S) * r - r') + eta * S * (361%:R / 100%:R * y + 93%:R / 100%:R * r)
  + eta * E / 2%:R).
Qed.
End Ending.

(** Exchangeable shares p of the step size, between 0 and 1, and outcomes that prefer l to all and,
    by delta, to j. *)
Record shares (R : rcfType) (m : nat) (Om : finType) (p : Om -> 'I_m -> R) : Prop := Shares {
  share_ge0 : forall o i, 0 <= p o i;
  share_le1 : forall o i, p o i <= 1;
  share_swap : forall i j, exists2 swap : Om -> Om, involutive swap &
               forall o k, p (swap o) k = p o (tperm i j k) }.

Definition prefers (R : rcfType) (m : nat) (Om : finType) (p : Om -> 'I_m -> R)
  (delta : R) l j o : Prop :=
  [/\ delta <= p o l, forall k, p o k <= p o l & l != j -> delta <= p o l - p o j].

Definition shared_step (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
  (Om : finType) (p : Om -> 'I_m -> R) o w := weighted_step kind a eta (p o) w.

Section Drift.
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
Hypotheses (delta0 : 0 < delta) (prefer : forall l j, exists o, prefers p delta l j o).
Local Notation next := (shared_step kind a eta p).

Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let p0 o i : 0 <= p o i. Proof. exact: share_ge0. Qed.
Let p1 o i : p o i <= 1. Proof. exact: share_le1. Qed.

Section OneStep.
Variable w : 'rV[R]_n.
Hypothesis N1 : N w <= 21%:R / 20%:R.
Local Notation S o := (first_moment kind a (p o) w).
Local Notation Q o := (second_moment kind a (p o) w).
Local Notation s o := (wshrink kind a eta (p o) w).
Local Notation f o i := (wfactor kind a eta (p o) w i).
Local Notation e i := (phi (c w i) ^+ 2).

Lemma next_phi o j : phi (c (next o w) j) = f o j * phi (c w j).
Proof. exact: weighted_phi. Qed.

Lemma f_gt0 o j : 0 < f o j.
Proof. exact: wfactor_gt0. Qed.

Lemma next_root l j o : root l j (next o w) = Num.sqrt (f o j / f o l) * root l j w.
Proof.
rewrite /FarOut.root !next_phi !normrM !(gtr0_norm (f_gt0 _ _)) -sqrtrM; last first.
  by rewrite mulr_ge0 ?invr_ge0 // ltW // f_gt0.
by congr (Num.sqrt _); rewrite invfM mulrACA.
Qed.

Section FarOut.
Variable l : 'I_m.
Hypotheses (C1 : 9%:R / 10%:R <= C w) (far : others l w <= 1 / 10%:R).

Definition wkappa : R := eta ^+ 2 * (19%:R / 4000%:R).

Lemma wlead j : l != j -> 7%:R / 10%:R <= e l - e j.
Proof.
move=> lj; have oj : e j <= others l w.
  rewrite /Ending.others (bigD1 j) //=; last by rewrite eq_sym.
  by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: sqr_ge0.
have := energy_others kind a l w => CE.
have -> : e l = C w - others l w by rewrite CE addrK.
by cert ((C w - 9%:R / 10%:R) + 2%:R * (1 / 10%:R - others l w) + (others l w - e j)).
Qed.

Definition beside j (q : 'I_m -> R) : R := \sum_(i | (i != l) && (i != j)) q i * e i.
Lemma first_split j (q : 'I_m -> R) : l != j -> first_moment kind a q w =
  q l * e l + (q j * e j + beside j q).
Proof. by move=> lj; rewrite /first_moment (bigD1 l) //= (bigD1 j) //= eq_sym. Qed.

Lemma pair_drift j o o' : l != j -> p o j <= p o l -> (forall k, p o' k = p o (tperm l j k)) ->
  (Num.sqrt (f o j / f o l) + Num.sqrt (f o' j / f o' l)) / 2%:R <=
    1 - wkappa * (p o l - p o j) ^+ 2.
Proof.
move=> lj le sw; have lead := wlead lj.
have pl : p o' l = p o j by rewrite sw tpermL.
have pj : p o' j = p o l by rewrite sw tpermR.
have CN := energy_le kind a_orth w.
have u1 : 2%:R - N w <= 11%:R / 10%:R by cert ((N w - C w) + (C w - 9%:R / 10%:R)).
have pos oo i i' : 0 <= f oo i / f oo i' by rewrite mulr_ge0 ?invr_ge0 // ltW // f_gt0.
have [_ s1] := wtrap_scalar kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1.
have s2 := wshrink_le1 kind a w (p0 o') eta_ge0.
have s12 : s o' = s o + eta * (p o l - p o j) * (e l - e j).
  rewrite /wshrink !(first_split _ lj) pl pj.
  have -> : beside j (p o') = beside j (p o).
    by apply: eq_bigr => i /andP[il ij]; rewrite sw tpermD // eq_sym.
  by move: (beside _ _) => X; ring.
have := @weights_pair R eta (2%:R - N w) (p o l) (p o j) (e l - e j) (s o) (s o')
  (Num.sqrt (f o j / f o l)) (Num.sqrt (f o' j / f o' l)) eta_ge0 eta1 (two_minus_N N1) u1
  (p0 o j) le (p1 o l) lead s12 s1 s2 (sqrtr_ge0 _).
rewrite !sqr_sqrtr // /wkappa; apply; [by [] | exact: sqrtr_ge0 |].
by rewrite /wfactor pl pj.
Qed.

Definition wsigma : R := #|Om|%:R^-1.

Lemma some_outcome (i : 'I_m) : (0 < #|Om|)%N.
Proof. by have [o _] := prefer i i; apply/card_gt0P; exists o. Qed.

Lemma root_drift j : l != j ->
  mean (fun o => root l j (next o w)) <= (1 - wkappa * delta ^+ 2 * wsigma) * root l j w.
Proof.
move=> lj; have Om0 := some_outcome l; have r0 : 0 <= root l j w by exact: sqrtr_ge0.
have [sw swK swE] := share_swap pE l j; have [o0 [_ _ /(_ lj) o0lj]] := prefer l j.
pose t o := Num.sqrt (f o j / f o l).
pose d o := (p o l - p o j) ^+ 2.
have k0 : 0 <= wkappa by rewrite /wkappa; have h := eta_ge0; positive.
have pair o : (t o + t (sw o)) / 2%:R <= 1 - wkappa * d o.
  case: (lerP (p o j) (p o l)) => [le|/ltW le]; first exact: pair_drift.
  have := pair_drift (o := sw o) (o' := o) lj; rewrite !swE tpermL tpermR => h.
  rewrite addrC /d; have -> : p o l - p o j = - (p o j - p o l) by ring.
  by rewrite sqrrN; apply: h => // k; rewrite swE tpermK.
have sumE : mean t = mean (fun o => (t o + t (sw o)) / 2%:R).
  rewrite /mean; congr (_ / _).
  have eqS : \sum_o t (sw o) = \sum_o t o by rewrite [RHS](reindex_inj (inv_inj swK)).
  have half (x y : R) : y = x -> x = (x + y) / 2%:R by move=> ->; field.
  by rewrite -mulr_suml big_split /=; apply: half; exact: eqS.
have mt : mean t <= 1 - wkappa * delta ^+ 2 * wsigma.
  rewrite sumE /wsigma; apply: (mean_hit Om0 (o0 := o0)) => [o|]; apply: le_trans (pair _) _.
    have h : 0 <= d o by exact: sqr_ge0.
    by cert (wkappa * d o).
  have dl : delta ^+ 2 <= d o0 by exact: sqr_le_of_abs (ltW delta0) o0lj.
  by cert (wkappa * (d o0 - delta ^+ 2)).
have -> : mean (fun o => root l j (next o w)) = mean t * root l j w.
  rewrite mulrC -mean_scale /mean; congr (_ / _); apply: eq_bigr => o _.
  by rewrite next_root mulrC.
by rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
Qed.

Lemma surplus_le o : surplus kind a (p o) w <=
  S o * (2%:R - N w - C w) ^+ 2 + 2%:R * (2%:R - N w) ^+ 2 * others l w.
Proof.
have C0 : 0 < C w by apply: lt_le_trans C1; rewrite divr_gt0 ?ltr0n.
rewrite -subr_ge0 -(pmulr_rge0 _ C0) mulrBr surplusE subr_ge0.
have S0 := first_ge0 kind a w (p0 o); have SC := first_le_energy kind a w (p0 o) (p1 o).
pose t := \sum_(i | i != l) p o i * e i; pose t2 := \sum_(i | i != l) p o i ^+ 2 * e i.
have SE : S o = p o l * e l + t by rewrite /first_moment (bigD1 l).
have QE : Q o = p o l ^+ 2 * e l + t2 by rewrite /second_moment (bigD1 l).
have CE := energy_others kind a l w.
have E0 := others_ge0 kind a l w; have el := sqr_ge0 (phi (c w l)).
have pl0 := p0 o l; have pl1 := p1 o l.
have t0 : 0 <= t by apply: sumr_ge0 => i _; have h := p0 o i; have h1 := sqr_ge0 (phi (c w i));
  positive.
have t2E : t2 <= others l w.
  apply: ler_sum => i _; have h := p0 o i; have h1 := p1 o i.
  by have h2 := sqr_ge0 (phi (c w i)); cert ((1 - p o i) * (1 + p o i) * e i).
have key : 0 <= 2%:R * others l w * C w - (C w * Q o - S o ^+ 2).
  by rewrite SE QE CE; apply: spare_le.
move: (S o) (C w) (Q o) (others l w) (2%:R - N w) S0 SC C0 key => S' C' Q' E u S0 SC C0 key.
have C0' := ltW C0.
by cert (S' * (C' - S') * (u - C') ^+ 2 + u ^+ 2 * (2%:R * E * C' - (C' * Q' - S' ^+ 2))).
Qed.

Lemma miss_step o : miss (next o w) <= miss w - eta / 4%:R * S o * miss w + eta * others l w.
Proof.
have CN := energy_le kind a_orth w; have r0 := rest_ge0 kind a_orth w.
have S0 := first_ge0 kind a w (p0 o); have SC := first_le_energy kind a w (p0 o) (p1 o).
have x1 : - (1 / 20%:R) <= 1 - C w by cert ((21%:R / 20%:R - N w) + (N w - C w)).
have x2 : 1 - C w <= 1 / 10%:R by cert (C w - 9%:R / 10%:R).
have r1 : rest w <= 3%:R / 20%:R.
  by rewrite /Definitions.rest; cert ((21%:R / 20%:R - N w) + (C w - 9%:R / 10%:R)).
have SC' : S o <= 1 - (1 - C w) by cert (C w - S o).
have G0 := surplus_ge0 kind a w (p0 o) (p1 o).
have s0 := ltW (wshrink_gt0 kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1).
have s1 := wshrink_le1 kind a w (p0 o) eta_ge0.
apply: (@weights_ending R eta (1 - C w) (rest w) (others l w) (S o) (surplus kind a (p o) w)) => //.
- exact: others_ge0.
- have := surplus_le o;
  have -> : 2%:R * (1 - C w) - rest w = 2%:R - N w - C w by rewrite /Definitions.rest; ring.
  by have -> : 1 + (1 - C w) - rest w = 2%:R - N w by rewrite /Definitions.rest; ring.
- rewrite (weighted_energyE kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1) /Definitions.rest; ring.
rewrite (weighted_rest kind a_orth (p0 o) (p1 o) eta_ge0 eta1 N1) -/(wshrink kind a eta (p o) w).
by cert (s o * (1 - s o) * rest w).
Qed.
End FarOut.
End OneStep.

(** ** The functional *)
Definition wlittle : R := wkappa * delta ^+ 2 * wsigma.
Definition wtotal l w : R := spread l w + wlittle * miss w.
Definition wq : R := 1 - wlittle * (delta * wsigma) * eta / 5%:R.
End Drift.
