(** What the theorems on random step sizes and sampling with replacement need, by examples. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap Prob Exchange Converge Shares Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** A step with own step sizes in the form of [Shares]. *)
Lemma own_stepsE (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n)
    lambda w :
  own_steps kind a lambda w = weighted_step kind a 1 lambda w.
Proof. by rewrite /weighted_step scale1r. Qed.

(** ** Runs that never settle *)
Section Never.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Variables (Om : finType) (next : Om -> 'rV[R]_n -> 'rV[R]_n) (w0 : 'rV[R]_n).
Hypothesis Om0 : (0 < #|Om|)%N.

Lemma chance_all T (P : pred (seq Om)) : (forall s : T.-tuple Om, P s) -> chance R T P = 1.
Proof.
move=> all; rewrite /chance; have -> : [set s : T.-tuple Om | P s] = setT.
  by apply/setP => s; rewrite !inE all.
by rewrite cardsT card_tuple divff // pnatr_eq0 -lt0n expn_gt0 Om0.
Qed.

Lemma never_settles :
  (forall T0 os, size os = (T0 + 1)%N -> ~~ settled_at_one kind a next w0 2%:R^-1 T0 os) ->
  ~ ends_at_one_point kind a next w0.
Proof.
move=> never ends; have half : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
have [T0 /(_ 1%N)] := ends _ _ half half; rewrite chance_all => [|s]; last first.
  by apply: never; rewrite size_tuple.
by rewrite leNgt invf_lt1 ?ltr0n // ltr1n.
Qed.

(** If the first step leads to 0 and 0 is kept. *)
Lemma vanishes_never : orthonormal a -> (forall o, next o w0 = 0) -> (forall o, next o 0 = 0) ->
  ~ ends_at_one_point kind a next w0.
Proof.
move=> orth first0 kept; apply: never_settles => T0 os sz; apply/existsP => -[i /andP[ei close]].
have zero os' v w : (forall o, next o v = 0) -> w \in scanl (fun x o => next o x) v os' -> w = 0.
  elim: os' v => //= o os' IH v hv; rewrite in_cons hv => /orP[/eqP -> //|]; exact: IH.
have [w win] : exists w, w \in drop T0 (scanl (fun x o => next o x) w0 os).
  have : (0 < size (drop T0 (scanl (fun x o => next o x) w0 os)))%N.
    by rewrite size_drop size_scanl sz addKn.
  by case: (drop _ _) => // v s _; exists v; rewrite in_cons eqxx.
have w_0 : w = 0 by apply: (zero os w0) => //; exact: mem_drop win.
have : w \in drop T0 (states next w0 os).
  have : w \in drop 1 (drop T0 (states next w0 os)) by rewrite drop_drop add1n /states.
  exact: mem_drop.
move/(allP close); rewrite /within w_0 sub0r -scaleNr sqnormZ sqrrN /sqnorm orth eqxx mulr1.
have c0 : corr a w0 i != 0.
  by move: ei; rewrite /eligible; case: (kind) => // c0; rewrite gt_eqF.
rewrite sqr_sg c0.
by rewrite leNgt => /negP; apply; rewrite exprn_ilt1 ?invr_ge0 ?ler0n // invf_lt1 ?ltr0n // ltr1n.
Qed.
End Never.

Lemma some_draws m b : (0 < m)%N -> (0 < #|{: draw m b}|)%N.
Proof. by move=> m0; rewrite card_tuple card_ord expn_gt0 m0. Qed.

(** ** One point, one dimension: c <- c (1 + 2 eta (1 - c^2)), which is 0 for c^2 = 1 + 1/(2 eta) *)
Section OneDimension.
Variables (R : rcfType) (b : nat) (kind : activation) (eta : R).
Hypotheses (b0 : (0 < b)%N) (eta0 : 0 < eta).
Definition unit_point : 'I_1 -> 'rV[R]_1 := fun _ => const_mx 1.
Definition far_start : 'rV[R]_1 := const_mx (Num.sqrt (1 + (2%:R * eta)^-1)).

Lemma unit_orth : orthonormal unit_point.
Proof. by move=> i j; rewrite /dot big_ord1 !mxE mulr1 (ord1 i) (ord1 j). Qed.

Lemma x_gt0 : 0 < 1 + (2%:R * eta)^-1.
Proof. by rewrite addr_gt0 ?ltr01 // invr_gt0 mulr_gt0 ?ltr0n. Qed.

Lemma far_sqnorm : sqnorm far_start = 1 + (2%:R * eta)^-1.
Proof. by rewrite /sqnorm /dot big_ord1 !mxE -expr2 sqr_sqrtr // ltW // x_gt0. Qed.

Lemma far_corr i : corr unit_point far_start i = Num.sqrt (1 + (2%:R * eta)^-1).
Proof. by rewrite /corr /dot big_ord1 !mxE mulr1. Qed.

Lemma far_phi i : phi kind (corr unit_point far_start i) = Num.sqrt (1 + (2%:R * eta)^-1).
Proof. by rewrite far_corr /phi; case: kind => //; rewrite sqrtr_ge0. Qed.

Lemma far_eligible i : eligible kind unit_point far_start i.
Proof. by rewrite eligibleE far_phi gt_eqF // sqrtr_gt0 x_gt0. Qed.

Lemma same_gradients (s : draw 1 b) (w : 'rV[R]_1) : replacement_step kind unit_point eta s w =
  w - eta *: sample_gradient kind unit_point ord0 w.
Proof.
rewrite /replacement_step (eq_bigr (fun _ => sample_gradient kind unit_point ord0 w)) => [|k _].
  rewrite big_const_seq count_predT size_tuple -[iter _ _ _]/(_) iter_addr_0 -scaler_nat scalerA.
  by rewrite divfK // pnatr_eq0 -lt0n.
by rewrite (ord1 k).
Qed.

Lemma far_first (s : draw 1 b) : replacement_step kind unit_point eta s far_start = 0.
Proof.
rewrite same_gradients /sample_gradient far_phi far_sqnorm; apply/rowP => k; rewrite !mxE.
rewrite sqr_sqrtr ?(ltW x_gt0) //; move: (Num.sqrt _) => c.
by field; rewrite gt_eqF.
Qed.

Lemma zero_kept (s : draw 1 b) : replacement_step kind unit_point eta s 0 = 0.
Proof.
rewrite same_gradients /sample_gradient /corr dot0l scaler0 addr0.
have -> : phi kind (0 : R) = 0 by rewrite /phi; case: kind; rewrite ?lexx.
by rewrite mulr0 scale0r scaler0 subr0.
Qed.

Lemma far_fails : ~ ends_at_one_point kind unit_point
  (@replacement_step R 1 1 kind unit_point eta b) far_start.
Proof.
by apply: vanishes_never;
  [exact: some_draws | exact: unit_orth | exact: far_first | exact: zero_kept].
Qed.
End OneDimension.

(** ** Step sizes that treat all points alike: a start in the middle stays there *)
Section Even.
Variables (R : realFieldType) (m : nat) (kind : activation).
Hypothesis m0 : (0 < m)%N.
Definition axes : 'I_m -> 'rV[R]_m := fun i => delta_mx 0 i.
Definition middle : 'rV[R]_m := const_mx m%:R^-1.

Lemma axes_corr w i : corr axes w i = w 0 i.
Proof.
rewrite /corr /dot (bigD1 i) //= !mxE !eqxx mulr1 big1 ?addr0 // => k ki.
by rewrite !mxE (negbTE ki) andbF mulr0.
Qed.

Lemma axes_orth : orthonormal axes.
Proof. by move=> i j; rewrite -[dot _ _]/(corr axes (axes i) j) axes_corr mxE eqxx eq_sym. Qed.

Lemma middle_gt0 : 0 < m%:R^-1 :> R. Proof. by rewrite invr_gt0 ltr0n. Qed.

Lemma middle_eligible i : eligible kind axes middle i.
Proof.
rewrite eligibleE axes_corr mxE /phi; case: kind; first by rewrite gt_eqF // middle_gt0.
by rewrite (ltW middle_gt0) gt_eqF // middle_gt0.
Qed.

Lemma middle_in : sqnorm middle <= 21%:R / 20%:R.
Proof.
rewrite /sqnorm /dot (eq_bigr (fun _ => m%:R^-1 ^+ 2)) => [|k _]; last by rewrite !mxE expr2.
rewrite sumr_const card_ord -mulr_natl expr2 mulrA divff ?pnatr_eq0 -?lt0n // mul1r.
have : m%:R^-1 <= 1 :> R by rewrite invf_le1 ?ltr0n // ler1n.
by move: (m%:R^-1) => x x1; cert ((1 - x) + 20%:R^-1).
Qed.

(** With two equal correlations a vector is not within 1/2 of the one point or the other. *)
Lemma equal_far v x y : x != y -> corr axes v x = corr axes v y ->
  2%:R^-1 ^+ 2 < sqnorm (v - axes x).
Proof.
move=> xy vxy; apply: lt_le_trans (bessel axes_orth _); rewrite (bigD1 x) //= (bigD1 y) //=;
  last first.
  by rewrite eq_sym.
have rest0 : 0 <= \sum_(j | (j != x) && (j != y)) corr axes (v - axes x) j ^+ 2.
  by apply: sumr_ge0 => j _; exact: sqr_ge0.
have ci j : corr axes (v - axes x) j = corr axes v j - (x == j)%:R by rewrite /corr dotBl axes_orth.
rewrite !ci eqxx (negbTE xy) vxy /=.
move: (\sum_(j | _) _) rest0 (corr axes v y) => X X0 c.
apply: (@lt_le_trans _ _ (2%:R^-1)).
  rewrite -subr_gt0; have -> : 2%:R^-1 - 2%:R^-1 ^+ 2 = 4%:R^-1 :> R by field.
  by rewrite invr_gt0 ltr0n.
by rewrite subr0; cert (2%:R * (c - 2%:R^-1) ^+ 2 + X).
Qed.

Variables (Om : finType) (lambda : Om -> 'I_m -> R).
Hypotheses (m1 : (1 < m)%N) (Om0 : (0 < #|Om|)%N) (even : forall o i j, lambda o i = lambda o j).

Lemma even_fails : ~ ends_at_one_point kind axes (random_step kind axes lambda) middle.
Proof.
apply: never_settles => // T0 os sz; apply/existsP => -[i /andP[ei close]].
pose same (w : 'rV[R]_m) := forall j k, corr axes w j = corr axes w k.
have same_step o w : same w -> same (random_step kind axes lambda o w).
  move=> sw j k; rewrite /random_step own_stepsE !(weighted_corr kind axes_orth).
  by rewrite (sw j k) (even o j k).
have sames os' w : same w -> forall v, v \in states (random_step kind axes lambda) w os' -> same v.
  elim: os' w => [|o os' IH] w sw v; rewrite /states in_cons => /orP[/eqP -> //|]; first by [].
  exact: IH (same_step o w sw) v.
have [v vin] : exists v, v \in drop T0 (states (random_step kind axes lambda) middle os).
  have : (0 < size (drop T0 (states (random_step kind axes lambda) middle os)))%N.
    by rewrite size_drop /states /= size_scanl sz subn_gt0 ltnS leq_addr.
  by case: (drop _ _) => // v s _; exists v; rewrite in_cons eqxx.
have sv : same v.
  by apply: (sames os middle _ v (mem_drop vin)) => j k; rewrite !axes_corr !mxE.
have [k ki] : exists k, k != i.
  have [i0|i0] := eqVneq i (Ordinal m0); last by exists (Ordinal m0); rewrite eq_sym.
  by exists (Ordinal m1); rewrite i0.
have := allP close v vin; rewrite /within leNgt => /negP; apply.
have -> : Num.sg (corr axes middle i) = 1 by rewrite axes_corr mxE gtr0_sg // middle_gt0.
by rewrite scale1r; apply: (equal_far (y := k)) => //; rewrite eq_sym.
Qed.
End Even.

(** ** Two points that every outcome treats alike: a tie between them is kept *)
Section Alike.
Variables (R : realFieldType) (m : nat) (kind : activation) (i j : 'I_m).
Hypothesis ij : i != j.
Definition tie : 'rV[R]_m := 2%:R^-1 *: (axes R i + axes R j).

Lemma tie_corr k : corr (axes R (m := m)) tie k = 2%:R^-1 * ((k == i)%:R + (k == j)%:R).
Proof. by rewrite axes_corr !mxE. Qed.

Lemma tie_value k : corr (axes R (m := m)) tie k = if (k == i) || (k == j) then 2%:R^-1 else 0.
Proof.
rewrite tie_corr; case: (eqVneq k i) => [->|ki]; first by rewrite (negbTE ij) addr0 mulr1.
by case: (k == j); rewrite ?addr0 ?add0r ?mulr1 ?mulr0.
Qed.

Lemma half_gt0 : 0 < 2%:R^-1 :> R. Proof. by rewrite invr_gt0 ltr0n. Qed.

Lemma tie_eligible k : eligible kind (axes R (m := m)) tie k = (k == i) || (k == j).
Proof.
rewrite eligibleE tie_value; case: ifP => _; rewrite /phi; last by case: kind; rewrite ?lexx eqxx.
by case: kind; rewrite ?(ltW half_gt0) gt_eqF // half_gt0.
Qed.

Lemma tie_in : sqnorm tie <= 21%:R / 20%:R.
Proof.
rewrite /tie sqnormZ sqnormD /sqnorm !axes_orth !eqxx (negbTE ij) /= mulr0 addr0.
by cert (11%:R / 20%:R : R).
Qed.

Variables (Om : finType) (lambda : Om -> 'I_m -> R).
Hypotheses (Om0 : (0 < #|Om|)%N) (alike : forall o, lambda o i = lambda o j).
Local Notation next := (random_step kind (axes R (m := m)) lambda).

Lemma alike_fails : ~ ends_at_one_point kind (axes R (m := m)) next tie.
Proof.
apply: never_settles => // T0 os sz; apply/existsP => -[k /andP[]].
rewrite tie_eligible => kij close.
pose same (w : 'rV[R]_m) := corr (axes R (m := m)) w i = corr (axes R (m := m)) w j.
have same_step o w : same w -> same (next o w).
  rewrite /same => sw; rewrite /random_step own_stepsE !(weighted_corr kind (axes_orth R (m := m))).
  by rewrite sw alike.
have sames os' w : same w -> forall v, v \in states next w os' -> same v.
  elim: os' w => [|o os' IH] w sw v; rewrite /states in_cons => /orP[/eqP -> //|]; first by [].
  exact: IH (same_step o w sw) v.
have [v vin] : exists v, v \in drop T0 (states next tie os).
  have : (0 < size (drop T0 (states next tie os)))%N.
    by rewrite size_drop /states /= size_scanl sz subn_gt0 ltnS leq_addr.
  by case: (drop _ _) => // v s _; exists v; rewrite in_cons eqxx.
have sv : same v.
  by apply: (sames os tie _ v (mem_drop vin)); rewrite /same !tie_value !eqxx orbT.
have := allP close v vin; rewrite /within leNgt => /negP; apply.
have -> : Num.sg (corr (axes R (m := m)) tie k) = 1 by rewrite tie_value kij gtr0_sg // half_gt0.
rewrite scale1r; case/orP: kij => /eqP ->; first exact: (equal_far (y := j)).
by apply: (equal_far (y := i)) => //; rewrite eq_sym.
Qed.
End Alike.
