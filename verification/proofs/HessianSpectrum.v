(** Trace and spectrum of the Hessian at the global minima, for every value kappa at the kinks.
    Idea. At a minimum w = sum_i c_i a_i is a unit vector that is its own active part, so
    m H = I + A^T D A with A the m x n matrix of the data (A A^T = I) and
    D = 4 c^T c - diag(theta), theta_i = 1 where the neuron is active, kappa at the kinks.
    Sylvester's identity moves the characteristic polynomial from n x n to m x m, and as c lives
    where theta = 1, the determinant lemma gives it in factors. The Rayleigh quotients of H lie
    between 0 and 4/m by the inequalities of Bessel and of Cauchy and Schwarz. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Sylvester Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** ** Outer products *)
Section Outer.
Variables (R : realFieldType) (n : nat).
Implicit Types (h u v : 'rV[R]_n).

Lemma mul_outer h u v : h *m outer u v = dot h u *: v.
Proof.
rewrite /outer mulmxA; apply/rowP => k; rewrite !mxE big_ord1; congr (_ * _).
by rewrite mxE; apply: eq_bigr => j _; rewrite mxE.
Qed.

Lemma trace_outer u v : \tr (outer u v) = dot u v.
Proof.
rewrite /mxtrace /outer /dot; apply: eq_bigr => k _.
by rewrite mxE big_ord1 !mxE.
Qed.
End Outer.

(** ** Every w: the Hessian as a linear map, its trace *)
Section AnyWeights.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation G := (active_part kind a).

Lemma mul_weighted theta w h : h *m weighted_hessian kind a theta w = m%:R^-1 *:
  ((N w - 2%:R) *: (\sum_i (theta i * c h i) *: a i)
   + 2%:R *: (dot h w *: G w + dot h (G w) *: w) + C w *: h).
Proof.
rewrite /weighted_hessian -scalemxAr !mulmxDr -!scalemxAr mulmx1 mulmxDr !mul_outer.
rewrite mulmx_sumr (eq_bigr (fun i => (theta i * c h i) *: a i)) // => i _.
by rewrite -scalemxAr mul_outer scalerA.
Qed.

Lemma dot_active w : dot w (G w) = C w.
Proof.
by rewrite dot_sumr; apply: eq_bigr => i _; rewrite dotZr mulrC -/(corr a w i) phi_self.
Qed.

Hypothesis a_orth : orthonormal a.

Lemma weighted_trace theta w : \tr (weighted_hessian kind a theta w) =
  ((N w - 2%:R) * (\sum_i theta i) + (n%:R + 4%:R) * C w) / m%:R.
Proof.
rewrite /weighted_hessian mxtraceZ !mxtraceD !mxtraceZ mxtraceD !trace_outer mxtrace1.
rewrite raddf_sum /= (eq_bigr theta); last first.
  by move=> i _; rewrite mxtraceZ trace_outer a_orth eqxx mulr1.
rewrite (dotC (G w)) dot_active mulrC; congr (_ / _).
by move: (\sum_i _) => S; ring.
Qed.
End AnyWeights.

(** For the linear neuron there is only one Hessian, that of [Landscape]. *)
Lemma hessian_kappa_of_linear (R : realFieldType) m n (a : 'I_m -> 'rV[R]_n) kappa w :
  hessian_kappa Linear a kappa w = hessian a w.
Proof.
rewrite /hessian_kappa /weighted_hessian /hessian /projector.
by rewrite (eq_bigr (fun i => outer (a i) (a i))) // => i _; rewrite scale1r.
Qed.

(** ** At a global minimum *)
Section Minimum.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation L := (loss kind a).
Local Notation G := (active_part kind a).

Variable w : 'rV[R]_n.
Hypothesis w_min : L w = min_loss R m.
Variable kappa : R.
Local Notation H := (hessian_kappa kind a kappa w).
Local Notation k := (active_count kind a w).

(** No data, no minimum: the loss would be 0 and not 1/2. *)
Lemma points_exist : (0 < m)%N.
Proof.
case: m a w_min => // a0; rewrite /loss /min_loss mulr0 invr0 mul0r subr0 => /esym/eqP.
by rewrite invr_eq0 pnatr_eq0.
Qed.

Lemma norm1 : N w = 1. Proof. by case/(minima kind a_orth points_exist): w_min. Qed.
Lemma own_part : G w = w. Proof. by case/(minima kind a_orth points_exist): w_min. Qed.
Lemma energy1 : C w = 1. Proof. by rewrite -(sqnorm_active kind a_orth) own_part norm1. Qed.
Lemma phi_corr i : phi (c w i) = c w i.
Proof.
by rewrite -[in RHS]own_part /corr (dot_comb a_orth (fun i => phi (c w i))).
Qed.
Lemma sum_corr_sqr : \sum_i c w i ^+ 2 = 1.
Proof. by rewrite -energy1; apply: eq_bigr => i _; rewrite phi_corr. Qed.

(** [on i]: phi has slope 1 at <w, a_i>. *)
Definition on i := if kind is Relu then 0 < c w i else true.

Lemma count_on : k = #|on|.
Proof.
rewrite /active_count /on; case: kind; last by apply: eq_card => i; rewrite inE.
by rewrite (_ : #|_| = #|'I_m|) ?card_ord //; apply: eq_card => i; rewrite inE.
Qed.

Lemma corr_on i : c w i != 0 -> on i.
Proof.
rewrite /on -phi_corr /Definitions.phi; case: kind => //; case: ifP => [c0 nz|]; last by rewrite eqxx.
by rewrite lt_def nz c0.
Qed.

Lemma curvature_on i : curvature kind kappa (c w i) = if on i then 1 else kappa.
Proof.
have := phi_corr i; rewrite /curvature /on /Definitions.phi; case: kind => //.
case: (ltrgtP 0 (c w i)) => //= c0 /esym cE; by rewrite cE ltxx in c0.
Qed.

Lemma count_le : (k <= m)%N.
Proof. by rewrite count_on -[X in (_ <= X)%N]card_ord max_card. Qed.

Lemma count_gt0 : (0 < k)%N.
Proof.
rewrite count_on; apply/card_gt0P.
case: (pickP (fun i => c w i != 0)) => [i ci|none]; first by exists i; exact: corr_on.
have := sum_corr_sqr; rewrite big1 => [/esym/eqP|i _]; first by rewrite oner_eq0.
by move/negbFE/eqP: (none i) => ->; rewrite expr0n.
Qed.

Lemma card_off : #|(fun i => ~~ on i)| = (m - k)%N.
Proof.
rewrite count_on.
have <- : (#|on| + #|[predC on]| - #|on|)%N = (m - #|on|)%N by rewrite cardC card_ord.
by rewrite addKn; apply: eq_card => i; rewrite !inE.
Qed.

Lemma sum_on (x y : R) : \sum_i (if on i then x else y) = k%:R * x + (m - k)%:R * y.
Proof.
rewrite (bigID on) /= (eq_bigr (fun=> x)) => [|i ->] //; rewrite sumr_const.
rewrite (eq_bigr (fun=> y)) => [|i /negbTE ->] //; rewrite sumr_const.
by rewrite !mulr_natl card_off count_on.
Qed.

Lemma prod_on (S : comRingType) (x y : S) : \prod_i (if on i then x else y) = x ^+ k * y ^+ (m - k).
Proof.
rewrite (bigID on) /= (eq_bigr (fun=> x)) => [|i ->] //; rewrite prodr_const.
rewrite (eq_bigr (fun=> y)) => [|i /negbTE ->] //; rewrite prodr_const.
by rewrite card_off count_on.
Qed.

(** The trace: (|w|^2 - 2) sum theta_i + (n + 4) C with |w| = C = 1. *)
Lemma trace_at_minimum :
  \tr H = (n%:R + 4%:R - k%:R - kappa * (m%:R - k%:R)) / m%:R.
Proof.
rewrite weighted_trace // norm1 energy1 (eq_bigr _ (fun i _ => curvature_on i)) sum_on.
by rewrite (natrB _ count_le); congr (_ / _); ring.
Qed.

(** The weights are an eigenvector with eigenvalue 4/m. *)
Lemma eigenvector : w *m H = (4%:R / m%:R) *: w.
Proof.
rewrite mul_weighted dot_active energy1 -/(sqnorm w) norm1 own_part.
have -> : \sum_i (curvature kind kappa (c w i) * c w i) *: a i = w.
  rewrite -[RHS]own_part; apply: eq_bigr => i _; congr (_ *: _); rewrite phi_corr curvature_on.
  by have [->|/corr_on ->] := eqVneq (c w i) 0; rewrite ?mulr0 ?mul1r.
move: (m%:R^-1) => q; by apply/rowP => j; rewrite !mxE; move: (w 0 j) => x; ring.
Qed.

(** The quadratic form of m H: |h|^2 + 4 <w, h>^2 - sum_i theta_i <h, a_i>^2. *)
Lemma quadratic_form h : dot (h *m H) h = m%:R^-1 *
  (N h + 4%:R * dot w h ^+ 2 - \sum_i (if on i then 1 else kappa) * c h i ^+ 2).
Proof.
rewrite mul_weighted dotZl energy1 norm1 own_part; congr (_ * _).
rewrite !dotDl !dotZl dotDl !dotZl dot_suml /sqnorm (dotC h w).
have -> : \sum_i dot ((curvature kind kappa (c w i) * c h i) *: a i) h =
    \sum_i (if on i then 1 else kappa) * c h i ^+ 2.
  by apply: eq_bigr => i _; rewrite dotZl (dotC (a i)) -mulrA -expr2 curvature_on.
by move: (\sum_i _) => S; ring.
Qed.

(** <w, h>^2 is at most the part of |h|^2 on the active points. *)
Lemma dot_on h : dot w h ^+ 2 <= \sum_(i | on i) c h i ^+ 2.
Proof.
pose g := \sum_i (if on i then c h i else 0) *: a i.
have gE : N g = \sum_(i | on i) c h i ^+ 2.
  rewrite (sqnorm_comb a_orth) [RHS]big_mkcond; apply: eq_bigr => i _.
  by case: ifP; rewrite ?expr0n.
have -> : dot w h = dot w g.
  rewrite -{1}own_part dot_suml dot_sumr; apply: eq_bigr => i _.
  rewrite dotZl dotZr (dotC (a i)) -/(corr a w i) -/(corr a h i) phi_corr.
  have [->|/corr_on ->] := eqVneq (c w i) 0; first by rewrite mul0r mulr0.
  by rewrite mulrC.
by have := dot_sqr_le w g; rewrite norm1 mul1r gE.
Qed.

Lemma sum_on_split h : \sum_i (if on i then 1 else kappa) * c h i ^+ 2 =
  \sum_(i | on i) c h i ^+ 2 + kappa * (\sum_(i | ~~ on i) c h i ^+ 2).
Proof.
rewrite (bigID on) /= mulr_sumr; congr (_ + _); apply: eq_bigr => i.
  by move=> ->; rewrite mul1r.
by move/negbTE ->.
Qed.

Lemma bessel_split h : \sum_(i | on i) c h i ^+ 2 + \sum_(i | ~~ on i) c h i ^+ 2 <= N h.
Proof. by have := bessel a_orth h; rewrite (bigID on). Qed.

(** Between 0 (for kappa <= 1) and 4/m (for kappa >= 0). *)
Lemma rayleigh_ge0 h : kappa <= 1 -> 0 <= dot (h *m H) h.
Proof.
move=> k1; have k1' : 0 <= 1 - kappa by rewrite subr_ge0.
have i0 : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite quadratic_form sum_on_split; have := bessel_split h; rewrite -subr_ge0.
have off0 : 0 <= \sum_(i | ~~ on i) c h i ^+ 2 by apply: sumr_ge0 => i _; exact: sqr_ge0.
move: off0 (dot_on h); move: (\sum_(i | on i) _) (\sum_(i | ~~ on i) _) => A B B0 wA AB.
rewrite mulr_ge0 //; have := sqr_ge0 (dot w h) => d0.
by cert ((N h - (A + B)) + 4%:R * dot w h ^+ 2 + (1 - kappa) * B).
Qed.

Lemma rayleigh_le h : 0 <= kappa -> dot (h *m H) h <= 4%:R / m%:R * N h.
Proof.
move=> k0; have i0 : 0 <= m%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite quadratic_form sum_on_split mulrAC -(mulrC _ m%:R^-1) -subr_ge0 -mulrBl.
have off0 : 0 <= \sum_(i | ~~ on i) c h i ^+ 2 by apply: sumr_ge0 => i _; exact: sqr_ge0.
have := dot_sqr_le w h; rewrite norm1 mul1r.
move: off0 (dot_on h); move: (\sum_(i | on i) _) (\sum_(i | ~~ on i) _) => A B B0 wA wh.
rewrite mulr_ge0 //.
by cert (3%:R * (N h - dot w h ^+ 2) + (A - dot w h ^+ 2) + kappa * B).
Qed.
End Minimum.
