(** The programs compute the loss and the step. A list of n numbers is the row of its entries; then
    the two sides agree entry by entry, by induction along the lists. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Programs Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Lists.
Variables (R : realFieldType) (n : nat).
Implicit Types (u v w : seq R).
Local Notation row := (@row_of R n).
Local Notation dotl := (@dot_of R 0 +%R *%R).
Local Notation comb := (@combine R +%R *%R).

Lemma dot_ofE u v : size u = n -> size v = n -> dotl u v = dot (row u) (row v).
Proof.
have gen k : forall u v, size u = k -> size v = k -> dotl u v = \sum_(j < k) nth 0 u j * nth 0 v j.
  elim: k => [|k IH] [|x u'] [|y v'] //= => [_ _|[su] [sv]]; first by rewrite big_ord0.
  by rewrite big_ord_recl /= (IH _ _ su sv).
by move=> su sv; rewrite (gen n) //; apply: eq_bigr => j _; rewrite !mxE.
Qed.

Lemma size_combine x y u v : size u = n -> size v = n -> size (comb x y u v) = n.
Proof.
have gen k : forall u v, size u = k -> size v = k -> size (comb x y u v) = k.
  by elim: k => [|k IH] [|s u'] [|t v'] //= [su] [sv]; rewrite IH.
exact: gen.
Qed.

Lemma combineE x y u v : size u = n -> size v = n ->
  row (comb x y u v) = x *: row u + y *: row v.
Proof.
have gen k : forall u v j, size u = k -> size v = k ->
    nth 0 (comb x y u v) j = x * nth 0 u j + y * nth 0 v j.
  elim: k => [|k IH] [|s u'] [|t v'] // j; first by rewrite !nth_nil !mulr0 addr0.
  by case: j => [|j] //= [su] [sv]; exact: IH.
by move=> su sv; apply/rowP => j; rewrite !mxE (gen n).
Qed.

Variable kind : activation.
Local Notation relu := (if kind is Relu then true else false).
Local Notation phil := (@phi_of R 0 (fun t => 0 <= t) relu).

Lemma phi_ofE t : phil t = phi kind t.
Proof. by rewrite /phi; case: kind. Qed.

Local Notation lossl := (@sample_loss_of R 0 1 +%R (fun x y => x - y) *%R (fun t => 0 <= t)).
Local Notation gradl := (@sample_gradient_of R 0 1 +%R (fun x y => x - y) *%R (fun t => 0 <= t)).

Variables (m : nat) (data : seq (seq R)) (w : seq R).
Hypotheses (sd : forall i : 'I_m, size (nth [::] data i) = n) (sw : size w = n).
Let a (i : 'I_m) : 'rV[R]_n := row (nth [::] data i).

Lemma sample_lossE (i : 'I_m) :
  lossl 2%:R^-1 relu w (nth [::] data i) = sample_loss kind a i (row w).
Proof.
rewrite /sample_loss_of phi_ofE dot_ofE // dot_ofE ?size_combine //; congr (_ * _).
by rewrite combineE // scale1r sub0r scaleNr.
Qed.

Lemma size_gradient (i : 'I_m) : size (gradl relu w (nth [::] data i)) = n.
Proof. exact: size_combine. Qed.

Lemma sample_gradientE (i : 'I_m) :
  row (gradl relu w (nth [::] data i)) = sample_gradient kind a i (row w).
Proof.
by rewrite /sample_gradient_of phi_ofE !dot_ofE // combineE // /sample_gradient /corr expr2.
Qed.
End Lists.

Theorem programs_correct : Statements.programs_correct.
Proof.
move=> R m n kind data w eta batch.
move=> dm sd sw ub relu a minus nonneg stepped.
have lossE : loss_of 0 1 +%R minus *%R nonneg 2%:R^-1 m%:R^-1 relu w data =
    loss kind a (row_of n w).
  rewrite /loss_of /loss; congr (_ * _).
  have sumE (f : seq R -> R) s : sum_of 0 +%R (each f s) = \sum_(x <- s) f x.
    by elim: s => [|x s IH] /=; rewrite ?big_nil ?big_cons ?IH.
  rewrite sumE (big_nth [::]) dm big_mkord; apply: eq_bigr => i _.
  exact: (sample_lossE kind sd sw).
suff [s1 s2] : size stepped = n /\ row_of n stepped = step kind a eta [set i in batch] (row_of n w).
  by split.
rewrite /step /stepped.
have -> : #|[set i in batch]| = size batch by rewrite cardsE; exact/card_uniqP.
move: (eta / _) => rate.
have -> : \sum_(i in [set i in batch]) sample_gradient kind a i (row_of n w) =
    \sum_(i <- batch) sample_gradient kind a i (row_of n w).
  by rewrite [RHS]big_uniq //; apply: eq_bigl => i; rewrite inE.
elim: batch {ub stepped} => [|i s [IH1 IH2]] /=; first by rewrite big_nil scaler0 subr0.
have sg := size_gradient kind sd sw i.
split; first exact: size_combine.
rewrite combineE // IH2 (sample_gradientE kind sd sw) big_cons scale1r /minus sub0r scaleNr.
by rewrite -addrA -opprD -scalerDr [X in rate *: X]addrC.
Qed.
