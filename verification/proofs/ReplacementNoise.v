(** The noise of batches drawn with replacement: the covariance of the mean of b vectors, each
    drawn uniformly and independently, is 1/b times that of one. By induction on b: the list k ::
    s has the centred sum x_k + X(s), and x_k has the mean 0 whatever s. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Prob Noise Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Lists.
Variables (R : realFieldType) (m : nat).
Hypothesis m0 : (0 < m)%N.
Implicit Types x y : 'I_m -> R.

Lemma m_neq0 : m%:R != 0 :> R. Proof. by rewrite pnatr_eq0 -lt0n. Qed.

Lemma sum_cons b (F : seq 'I_m -> R) :
  \sum_(s : b.+1.-tuple 'I_m) F s = \sum_(k < m) \sum_(s : b.-tuple 'I_m) F (k :: s).
Proof.
rewrite (reindex (fun p : 'I_m * b.-tuple 'I_m => cons_tuple p.1 p.2)) /=; last first.
  exists (fun t : b.+1.-tuple 'I_m => (thead t, [tuple of behead t])) => [[o s] _|t _] /=.
    by rewrite theadE; congr (_, _); apply: val_inj.
  by rewrite [RHS]tuple_eta; apply: val_inj.
by rewrite (pair_bigA _ (fun k (s : b.-tuple 'I_m) => F (k :: s))).
Qed.

Lemma sum_one b : \sum_(s : b.-tuple 'I_m) (1 : R) = m%:R ^+ b.
Proof. by rewrite sumr_const card_tuple card_ord -natrX. Qed.

Definition along x (s : seq 'I_m) : R := \sum_(k <- s) x k.

Lemma along_product x y b : \sum_i x i = 0 -> \sum_i y i = 0 ->
  \sum_(s : b.-tuple 'I_m) along x s * along y s = b%:R * m%:R ^+ b *
    (m%:R^-1 * \sum_(i < m) x i * y i).
Proof.
move=> x0 y0; elim: b => [|b IH].
  by rewrite !mul0r big1 // => s _; rewrite (tuple0 s) /along big_nil mul0r.
rewrite (sum_cons b (fun s => along x s * along y s)).
rewrite (eq_bigr (fun k => x k * y k * m%:R ^+ b + x k * (\sum_(s : b.-tuple 'I_m) along y s)
  + y k * (\sum_(s : b.-tuple 'I_m) along x s) + \sum_(s : b.-tuple 'I_m) along x s * along y
    s)); last first.
  move=> k _; rewrite -sum_one.
  rewrite (eq_bigr (fun s : b.-tuple 'I_m => x k * y k * 1 + x k * along y s + y k * along x s
    + along x s * along y s)) => [|s _]; first by rewrite !big_split /= -!mulr_sumr.
  by rewrite /along !big_cons; ring.
rewrite !big_split /= -!mulr_suml x0 y0 !mul0r !addr0 sumr_const card_ord IH
  -[(_ * _) *+ m]mulr_natl.
have h (X M P B : R) : M != 0 -> X * P + M * (B * P * (M^-1 * X)) = (B + 1) * (M * P) * (M^-1 * X).
  by move=> M0; field.
by rewrite exprS -addn1 natrD; apply: h; exact: m_neq0.
Qed.
End Lists.

Section Covariance.
Variables (R : realFieldType) (m n b : nat) (g : 'I_m -> 'rV[R]_n).
Hypotheses (m0 : (0 < m)%N) (b0 : (0 < b)%N).

Theorem list_covarianceE : list_covariance b g = b%:R^-1 *: covariance g.
Proof.
have mn := m_neq0 R m0; have bn : b%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
apply/matrixP => p r; pose x (t : 'I_n) i := (g i - average g) 0 t.
have x0 t : \sum_i x t i = 0.
  rewrite /x; under eq_bigr do rewrite !mxE.
  rewrite sumrB sumr_const card_ord -[_ *+ _]mulr_natl.
  by rewrite summxE; set S := \sum_i _; field.
have dev t (s : draw m b) : (list_average g s - average g) 0 t = b%:R^-1 * along (x t) s.
  have -> : along (x t) s = (\sum_(k <- s) g k) 0 t - b%:R * average g 0 t.
    rewrite /along summxE -[in b%:R](size_tuple s).
    elim: (tval s) => [|k s' IH]; first by rewrite !big_nil mul0r subrr.
    by rewrite !big_cons IH /x !mxE /= mulrS; move: (\sum_(j <- s') _) => Y; ring.
  have sub (u v : 'rV[R]_n) k : (k *: u - v) 0 t = k * u 0 t - v 0 t by rewrite !mxE.
  have h (A B c : R) : c != 0 -> c^-1 * A - B = c^-1 * (A - c * B) by move=> c0; field.
  by rewrite sub; exact: h.
rewrite /list_covariance mxE summxE
  (eq_bigr (fun s : b.-tuple 'I_m => b%:R ^- 2 * (along (x p) s * along (x r) s))).
  rewrite -mulr_sumr along_product // !mxE summxE card_tuple card_ord natrX.
  rewrite (eq_bigr (fun i => outer_sq (g i - average g) p r)) => [|i _]; last by rewrite outer_sqE.
  have h (P B Y : R) : P != 0 -> B != 0 -> P^-1 * (B ^- 2 * (B * P * Y)) = B^-1 * Y.
    by move=> P0 B0; field; rewrite P0 B0.
  by apply: h => //; rewrite expf_neq0.
by move=> s _; rewrite outer_sqE !dev mulrACA -expr2 exprVn.
Qed.
End Covariance.
