(** Gradient noise: its size on the minima, where it is zero, and the covariance of a batch mean
    without replacement. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Exchange FarOut Assemble Converge.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Size of the noise *)
Section Size.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypotheses (a_orth : orthonormal a) (m0 : (0 < m)%N).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Local Notation grad := (sample_gradient kind a).

(** Everywhere. *)
Theorem sample_gradient_sqnorm i w : N (grad i w) =
  phi (c w i) ^+ 2 * ((N w - 2%:R) ^+ 2 + (3%:R * N w - 4%:R) * phi (c w i) ^+ 2).
Proof.
rewrite /sample_gradient sqnormD !sqnormZ dotZl dotZr (dotC (a i)) /(sqnorm (a i)) a_orth eqxx /=.
rewrite -/(corr a w i).
have -> : 2%:R * ((N w - 2%:R) * phi (c w i) * (phi (c w i) ^+ 2 * c w i)) =
  2%:R * ((N w - 2%:R) * phi (c w i) ^+ 2 * (c w i * phi (c w i))) by ring.
by rewrite phi_self; ring.
Qed.

Section AtMinimum.
Variable w : 'rV[R]_n.
Hypothesis w_min : L w = min_loss R m.

Let N1 : N w = 1. Proof. by have [] := (minima kind a_orth m0 w).1 w_min. Qed.
Let wG : w = active_part kind a w. Proof. by have [] := (minima kind a_orth m0 w).1 w_min. Qed.
Lemma min_energy : C w = 1.
Proof. by rewrite -(sqnorm_active kind a_orth) -wG. Qed.

Lemma min_sample_gradient i : N (grad i w) = phi (c w i) ^+ 2 * (1 - phi (c w i) ^+ 2).
Proof. by rewrite sample_gradient_sqnorm N1; ring. Qed.

(** The mean of the sample gradients is 0 there, so this is m times the trace of their covariance. *)
Lemma min_gradient : gradient kind a w = 0.
Proof.
rewrite /gradient /sample_gradient big_split /= -scaler_suml -/(energy kind a w) min_energy scale1r.
rewrite (eq_bigr (fun i => - (phi (c w i) *: a i))) => [|i _]; last first.
  rewrite N1 -scaleNr; congr (_ *: _); by ring.
by rewrite sumrN -/(active_part kind a w) -wG addNr scaler0.
Qed.

Theorem noise_at_minimum : \sum_i N (grad i w) = 1 - \sum_i phi (c w i) ^+ 4.
Proof.
rewrite -min_energy /energy -sumrB; apply: eq_bigr => i _.
by rewrite min_sample_gradient; ring.
Qed.

(** It is zero exactly at the data points (linear: and at their opposites). *)
Theorem noise_zero : \sum_i N (grad i w) = 0 <->
  exists i, w = a i \/ (kind = Linear /\ w = - a i).
Proof.
split=> [z|].
  have e1 i : phi (c w i) ^+ 2 <= 1.
    rewrite -min_energy /energy (bigD1 i) //= -subr_ge0 addrAC subrr add0r.
    by apply: sumr_ge0 => k _; exact: sqr_ge0.
  have z2 i : phi (c w i) ^+ 2 = 0 \/ phi (c w i) ^+ 2 = 1.
    move: z => /eqP; rewrite psumr_eq0 => [/allP /(_ i (mem_index_enum _))|k _]; last exact: sqnorm_ge0.
    rewrite /= min_sample_gradient mulf_eq0 subr_eq0 => /orP[/eqP ->|/eqP <-]; by [left | right].
  have [i i1] : exists i, phi (c w i) != 0.
    apply/existsP; apply: contraTT (oner_neq0 R); rewrite negb_exists => /forallP all.
    rewrite negbK -min_energy /energy big1 // => k _.
    by have := all k; rewrite negbK => /eqP ->; rewrite expr0n.
  have p2 : phi (c w i) ^+ 2 = 1.
    by case: (z2 i) => // /eqP; rewrite sqrf_eq0 (negbTE i1).
  have others0 : \sum_(j | j != i) phi (c w j) ^+ 2 = 0.
    have := min_energy; rewrite /energy (bigD1 i) //= p2 => h.
    by apply: (@addrI _ 1); rewrite h addr0.
  have zero j : j != i -> phi (c w j) = 0.
    move=> ji; move: others0 => /eqP; rewrite psumr_eq0 => [/allP /(_ j (mem_index_enum _))|k _].
      by rewrite ji sqrf_eq0 => /eqP.
    exact: sqr_ge0.
  have wE : w = phi (c w i) *: a i.
    rewrite {1}wG /active_part (bigD1 i) //= big1 ?addr0 // => j ji.
    by rewrite zero // scale0r.
  exists i; move: p2 => /eqP; rewrite sqrf_eq1 => /orP[/eqP p1|/eqP p1]; rewrite p1 in wE.
    by left; rewrite {1}wE scale1r.
  right; split; last by rewrite {1}wE scaleN1r.
  move: p1; rewrite /Definitions.phi; case: kind => //; case: ifP => [c0|_] cE.
    by move: c0; rewrite cE oppr_ge0 ler10.
  by move/eqP: cE; rewrite eq_sym oppr_eq0 oner_eq0.
case=> i wi; rewrite noise_at_minimum (bigD1 i) //= big1 => [|j ji].
  have -> : phi (c w i) ^+ 4 = 1.
    case: wi => [->|[lin ->]]; rewrite /corr ?dotNl a_orth eqxx /Definitions.phi.
      by case: kind; rewrite ?ler01 expr1n.
    by rewrite lin -[4%N]/(2 * 2)%N exprM sqrrN !expr1n.
  by rewrite addr0 subrr.
have -> : c w j = 0.
  by case: wi => [->|[_ ->]]; rewrite /corr ?dotNl a_orth eq_sym (negbTE ji) ?oppr0.
by rewrite /Definitions.phi; case: kind; rewrite ?lexx expr0n.
Qed.
End AtMinimum.
End Size.

(** ** Covariance of a batch mean *)
Section BatchMean.
Variables (R : realFieldType) (m b : nat).
Hypotheses (b0 : (0 < b)%N) (bm : (b <= m)%N) (m1 : (1 < m)%N).
Local Notation batch := (batch m b).

Let m_neq0 : m%:R != 0 :> R. Proof. by rewrite pnatr_eq0 -lt0n ltnW. Qed.
Let m1_neq0 : m%:R - 1 != 0 :> R.
Proof. by rewrite subr_eq0 (eqr_nat _ m 1) gtn_eqF. Qed.
Let b_neq0 : b%:R != 0 :> R. Proof. by rewrite pnatr_eq0 -lt0n. Qed.

Definition hit (i : 'I_m) (o : batch) : R := (i \in val o)%:R.

Lemma sum_hit (o : batch) : \sum_i hit i o = b%:R.
Proof.
rewrite /hit -natr_sum; congr (_%:R); rewrite -[RHS](eqP (valP o)) -sum1_card [RHS]big_mkcond /=.
by apply: eq_bigr => i _; case: (_ \in _).
Qed.

Lemma mean_const (x : R) : mean (fun _ : batch => x) = x.
Proof. by apply: Capture.mean_const; rewrite batches bin_gt0. Qed.

Lemma mean_swap i j (f : batch -> R) : mean (fun o => f (swap i j o)) = mean f.
Proof.
rewrite /mean; congr (_ / _).
by rewrite [RHS](reindex_inj (inv_inj (@swapK m b i j))).
Qed.

(** Every point is in b/m of the batches, *)
Lemma mean_hit1 i : mean (hit i) = b%:R / m%:R.
Proof.
have same j : mean (hit j) = mean (hit i).
  rewrite -[RHS](mean_swap i j); rewrite /mean; congr (_ / _).
  by apply: eq_bigr => o _; rewrite /hit mem_swap tpermL.
have : \sum_j mean (hit j) = b%:R.
  have <- : mean (fun o : batch => \sum_j hit j o) = b%:R; last by rewrite mean_sum.
  rewrite -[RHS]mean_const /mean; congr (_ / _).
  by apply: eq_bigr => o _; exact: sum_hit.
rewrite (eq_bigr (fun _ => mean (hit i))) // sumr_const card_ord -[_ *+ _]mulr_natr => <-.
by rewrite mulfK.
Qed.

(** and every pair in b(b-1)/(m(m-1)) of them. *)
Lemma mean_hit2 i j : i != j ->
  mean (fun o => hit i o * hit j o) = b%:R * (b%:R - 1) / (m%:R * (m%:R - 1)).
Proof.
move=> ij.
have same k : i != k -> mean (fun o => hit i o * hit k o) = mean (fun o => hit i o * hit j o).
  move=> ik; rewrite -[RHS](mean_swap j k); rewrite /mean; congr (_ / _).
  by apply: eq_bigr => o _; rewrite /hit !mem_swap tpermL tpermD // eq_sym.
have all : \sum_(k | k != i) mean (fun o => hit i o * hit k o) = (b%:R - 1) * (b%:R / m%:R).
  rewrite -mean_sum -(mean_hit1 i) -mean_scale /mean; congr (_ / _); apply: eq_bigr => o _.
  rewrite -mulr_sumr; have := sum_hit o; rewrite (bigD1 i) //= => <-.
  rewrite /hit; case: (i \in val o); first by rewrite mul1r mulr1 addrAC subrr add0r.
  by rewrite mul0r mulr0.
move: all; rewrite (eq_bigr (fun _ => mean (fun o => hit i o * hit j o))); last first.
  by move=> k ki; apply: same; rewrite eq_sym.
rewrite sumr_const (_ : #|_| = m.-1); last by rewrite -[in RHS](card_ord m) -(cardC1 i); apply: eq_card.
have mE : m.-1%:R = m%:R - 1 :> R by rewrite -subn1 natrB // ltnW.
rewrite -[_ *+ _]mulr_natr mE => h; apply: (mulIf m1_neq0); rewrite h.
by field; rewrite m_neq0 m1_neq0.
Qed.

(** The mean over all batches of the product of two centred batch means. *)
Theorem batch_product (x y : 'I_m -> R) : \sum_i x i = 0 -> \sum_i y i = 0 ->
  mean (fun o : batch => (b%:R^-1 * \sum_(i in val o) x i) * (b%:R^-1 * \sum_(i in val o) y i)) =
  (m%:R - b%:R) / (b%:R * (m%:R - 1)) * (m%:R^-1 * \sum_i x i * y i).
Proof.
move=> x0 y0.
have sumE (z : 'I_m -> R) (o : batch) : \sum_(i in val o) z i = \sum_i hit i o * z i.
  rewrite big_mkcond /=; apply: eq_bigr => i _; rewrite /hit.
  by case: ifP => _; rewrite ?mul1r ?mul0r.
have prodE (o : batch) : (b%:R^-1 * \sum_(i in val o) x i) * (b%:R^-1 * \sum_(i in val o) y i) =
    b%:R ^- 2 * \sum_i \sum_j (x i * y j) * (hit i o * hit j o).
  rewrite mulrACA -expr2 exprVn !sumE; congr (_ * _); rewrite big_distrlr /=.
  by apply: eq_bigr => i _; apply: eq_bigr => j _; ring.
have -> : mean (fun o : batch => (b%:R^-1 * \sum_(i in val o) x i) * (b%:R^-1 * \sum_(i in val o) y i)) =
    b%:R ^- 2 * \sum_i \sum_j (x i * y j) * mean (fun o => hit i o * hit j o).
  transitivity (mean (fun o : batch => b%:R ^- 2 * \sum_i \sum_j (x i * y j) * (hit i o * hit j o))).
    by rewrite /mean; congr (_ / _); apply: eq_bigr => o _; exact: prodE.
  rewrite mean_scale mean_sum; congr (_ * _); apply: eq_bigr => i _.
  rewrite mean_sum; apply: eq_bigr => j _; exact: mean_scale.
pose p1 : R := b%:R / m%:R; pose p2 : R := b%:R * (b%:R - 1) / (m%:R * (m%:R - 1)).
have inner i : \sum_j (x i * y j) * mean (fun o => hit i o * hit j o) = (p1 - p2) * (x i * y i).
  have off : \sum_(j | j != i) y j = - y i.
    by move: y0; rewrite (bigD1 i) //= => /eqP; rewrite addrC addr_eq0 => /eqP.
  rewrite (bigD1 i) //=.
  have -> : mean (fun o => hit i o * hit i o) = p1.
    rewrite /p1 -(mean_hit1 i) /mean; congr (_ / _); apply: eq_bigr => o _.
    by rewrite /hit; case: (_ \in _); rewrite ?mulr1 ?mulr0.
  rewrite (eq_bigr (fun j => (x i * p2) * y j)) => [|j ji]; last first.
    by rewrite mean_hit2 1?eq_sym // -/p2; ring.
  by rewrite -mulr_sumr off; ring.
rewrite (eq_bigr _ (fun i _ => inner i)) -mulr_sumr /p1 /p2 [LHS]mulrA [RHS]mulrA; congr (_ * _).
have frac (B M : R) : B != 0 -> M != 0 -> M - 1 != 0 ->
   B ^- 2 * (B / M - B * (B - 1) / (M * (M - 1))) = (M - B) / (B * (M - 1)) / M.
  by move=> h1 h2 h3; field; rewrite h1 h2 h3.
exact: frac.
Qed.

(** Covariance matrices, of the sample gradients (any vectors g) and of their batch means. *)
Variables (n : nat) (g : 'I_m -> 'rV[R]_n).
Local Notation average := (@average R m n g).
Local Notation covariance := (@covariance R m n g).
Local Notation batch_average := (@batch_average R m n b g).
Local Notation batch_covariance := (@batch_covariance R m n b g).

Lemma outer_sqE (v : 'rV[R]_n) p r : outer_sq v p r = v 0 p * v 0 r.
Proof. by rewrite /outer_sq /outer mxE big_ord1 mxE. Qed.

Theorem batch_covarianceE :
  batch_covariance = ((m%:R - b%:R) / (b%:R * (m%:R - 1))) *: covariance.
Proof.
apply/matrixP => p r.
pose x (t : 'I_n) i := (g i - average) 0 t.
have x0 t : \sum_i x t i = 0.
  rewrite /x; under eq_bigr do rewrite !mxE.
  rewrite sumrB sumr_const card_ord -[_ *+ _]mulr_natl.
  rewrite summxE; set S := \sum_i _; by field.
have dev t (o : batch) : (batch_average o - average) 0 t = b%:R^-1 * \sum_(i in val o) x t i.
  rewrite /x; under [in RHS]eq_bigr do rewrite !mxE.
  rewrite !mxE sumrB sumr_const (eqP (valP o)) -[_ *+ _]mulr_natl summxE.
  by set S := \sum_(i in _) _; set T := (\sum_i g i) 0 t; field; rewrite b_neq0 m_neq0.
have -> : batch_covariance p r =
    mean (fun o : batch => (b%:R^-1 * \sum_(i in val o) x p i) * (b%:R^-1 * \sum_(i in val o) x r i)).
  rewrite /batch_covariance /mean mxE summxE mulrC; congr (_ * _); apply: eq_bigr => o _.
  by rewrite outer_sqE !dev.
rewrite batch_product // /covariance !mxE summxE; congr (_ * (_ * _)).
by apply: eq_bigr => i _; rewrite outer_sqE.
Qed.
End BatchMean.

(** The trace of the covariance of the sample gradients at a minimum. *)
Theorem noise_trace (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) w :
  orthonormal a -> (0 < m)%N -> loss kind a w = min_loss R m ->
  \tr (covariance (fun i => sample_gradient kind a i w)) =
    (1 - \sum_i phi kind (corr a w i) ^+ 4) / m%:R.
Proof.
move=> a_orth m0 w_min; rewrite /covariance mxtraceZ mulrC; congr (_ / _).
rewrite -(noise_at_minimum a_orth m0 w_min) raddf_sum /=; apply: eq_bigr => i _.
have -> : average (fun i => sample_gradient kind a i w) = 0 := min_gradient a_orth m0 w_min.
rewrite subr0 /outer_sq /outer /mxtrace /sqnorm /dot; apply: eq_bigr => k _.
by rewrite mxE big_ord1 mxE.
Qed.
