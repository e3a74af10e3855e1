(** Scalar products, the activation, and two small tactics: what all proofs rest on. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Export Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(** [cert e] proves x <= y by showing that y - x is e, and e a sum of products of what is known to
    be positive. [positive] proves 0 <= e. Only lemma names that all releases share are used. *)
Ltac positive := repeat first
  [ assumption | exact: sqr_ge0 | exact: ler0n | exact: ler01 | exact: lexx | exact: ltW
  | (rewrite subr_ge0; assumption) | (rewrite subr_ge0; apply: ltW; assumption)
  | apply: mulr_ge0 | apply: addr_ge0 | apply: exprn_ge0 | (rewrite invr_ge0) ].
Ltac cert e := rewrite -subr_ge0; match goal with |- is_true (_ ?r) =>
  (have -> : r = e by first [ring | field]); positive end.

(** * Scalar products *)
Section Dot.
Variables (R : realFieldType) (n : nat).
Implicit Types (u v w : 'rV[R]_n).

Lemma dotC u v : dot u v = dot v u.
Proof. by apply: eq_bigr => k _; rewrite mulrC. Qed.
Lemma dotDl u v w : dot (u + v) w = dot u w + dot v w.
Proof. by rewrite /dot -big_split /=; apply: eq_bigr => k _; rewrite !mxE mulrDl. Qed.
Lemma dotZl (k : R) u w : dot (k *: u) w = k * dot u w.
Proof. by rewrite /dot mulr_sumr; apply: eq_bigr => j _; rewrite !mxE mulrA. Qed.
Lemma dotNl u w : dot (- u) w = - dot u w.
Proof. by rewrite -scaleN1r dotZl mulN1r. Qed.
Lemma dotBl u v w : dot (u - v) w = dot u w - dot v w.
Proof. by rewrite dotDl dotNl. Qed.
Lemma dotDr u v w : dot w (u + v) = dot w u + dot w v.
Proof. by rewrite dotC dotDl !(dotC w). Qed.
Lemma dotZr (k : R) u w : dot w (k *: u) = k * dot w u.
Proof. by rewrite dotC dotZl dotC. Qed.
Lemma dotNr u w : dot w (- u) = - dot w u.
Proof. by rewrite dotC dotNl dotC. Qed.
Lemma dotBr u v w : dot w (u - v) = dot w u - dot w v.
Proof. by rewrite dotDr dotNr. Qed.
Lemma dot0l w : dot 0 w = 0.
Proof. by rewrite -(scale0r 0) dotZl mul0r. Qed.
Lemma dot0r w : dot w 0 = 0.
Proof. by rewrite dotC dot0l. Qed.
Lemma dot_suml (I : finType) (P : pred I) (F : I -> 'rV[R]_n) w :
  dot (\sum_(i | P i) F i) w = \sum_(i | P i) dot (F i) w.
Proof.
apply: (big_morph (fun x => dot x w)) => [u v|]; first exact: dotDl.
exact: dot0l.
Qed.
Lemma dot_sumr (I : finType) (P : pred I) (F : I -> 'rV[R]_n) w :
  dot w (\sum_(i | P i) F i) = \sum_(i | P i) dot w (F i).
Proof. by rewrite dotC dot_suml; apply: eq_bigr => i _; rewrite dotC. Qed.
Lemma sqnorm_ge0 u : 0 <= sqnorm u.
Proof. by apply: sumr_ge0 => k _; rewrite -expr2 sqr_ge0. Qed.
Lemma sqnorm_eq0 u : (sqnorm u == 0) = (u == 0).
Proof.
apply/idP/eqP => [|->]; last by rewrite /sqnorm dot0l.
rewrite /sqnorm /dot psumr_eq0 => [/allP zero|k _]; last by rewrite -expr2 sqr_ge0.
apply/rowP => k; move: (zero k (mem_index_enum _)).
by rewrite /= -expr2 sqrf_eq0 !mxE => /eqP.
Qed.
Lemma sqnormD u v : sqnorm (u + v) = sqnorm u + 2%:R * dot u v + sqnorm v.
Proof. by rewrite /sqnorm !dotDl !dotDr (dotC v u); ring. Qed.
Lemma sqnormB u v : sqnorm (u - v) = sqnorm u - 2%:R * dot u v + sqnorm v.
Proof. by rewrite /sqnorm !dotBl !dotBr (dotC v u); ring. Qed.
Lemma sqnormZ (k : R) u : sqnorm (k *: u) = k ^+ 2 * sqnorm u.
Proof. by rewrite /sqnorm dotZl dotZr mulrA expr2. Qed.
(** Cauchy and Schwarz. *)
Lemma dot_sqr_le u v : dot u v ^+ 2 <= sqnorm u * sqnorm v.
Proof.
have [->|u0] := eqVneq u 0; first by rewrite /sqnorm !dot0l expr0n mul0r.
have N0 : 0 < sqnorm u by rewrite lt_def sqnorm_ge0 sqnorm_eq0 u0.
have := sqnorm_ge0 (v - (dot u v / sqnorm u) *: u).
rewrite sqnormB sqnormZ dotZr (dotC v u).
have -> : sqnorm v - 2%:R * (dot u v / sqnorm u * dot u v) + (dot u v / sqnorm u) ^+ 2 * sqnorm u
  = (sqnorm u * sqnorm v - dot u v ^+ 2) / sqnorm u by field; rewrite gt_eqF.
by rewrite pmulr_lge0 ?invr_gt0 // subr_ge0.
Qed.
End Dot.

(** * The activation: all that is used of it *)
Section Phi.
Variables (R : realFieldType) (kind : activation).
Local Notation phi := (@phi R kind).

Lemma phi_self t : t * phi t = phi t ^+ 2.
Proof. by rewrite /phi; case: kind; [ring | case: ifP => _; ring]. Qed.
Lemma phi_hom k t : 0 <= k -> phi (k * t) = k * phi t.
Proof.
rewrite le_eqVlt => /orP[/eqP<-|k0]; rewrite /phi; case: kind => //.
  by rewrite !mul0r lexx.
by rewrite pmulr_rge0 //; case: ifP => // _; rewrite mulr0.
Qed.
Lemma phi_sqr_le t : phi t ^+ 2 <= t ^+ 2.
Proof. by rewrite /phi; case: kind => //; case: ifP => // _; rewrite expr0n sqr_ge0. Qed.
(** Half of phi^2 has derivative phi, with a remainder of second order. *)
Lemma phi_sqr_taylor t h :
  0 <= phi (t + h) ^+ 2 - phi t ^+ 2 - 2%:R * phi t * h <= h ^+ 2.
Proof.
rewrite /phi; case: kind.
  have -> : (t + h) ^+ 2 - t ^+ 2 - 2%:R * t * h = h ^+ 2 by ring.
  by rewrite sqr_ge0 lexx.
case: (lerP 0 t) => t0; case: (lerP 0 (t + h)) => th0.
- have -> : (t + h) ^+ 2 - t ^+ 2 - 2%:R * t * h = h ^+ 2 by ring.
  by rewrite sqr_ge0 lexx.
- have h1 : 0 <= - (t + h) by rewrite oppr_ge0 ltW.
  apply/andP; split.
    by cert (t * t + 2%:R * (t * (- (t + h)))).
  by cert ((t + h) ^+ 2).
- have t1 : 0 <= - t by rewrite oppr_ge0 ltW.
  apply/andP; split; first by cert ((t + h) ^+ 2).
  by cert ((- t) * (- t) + 2%:R * ((- t) * (t + h))).
have -> : 0 ^+ 2 - 0 ^+ 2 - 2%:R * 0 * h = 0 :> R by ring.
by rewrite lexx sqr_ge0.
Qed.
End Phi.

(** A point is eligible if it is active. *)
Lemma eligibleE (R : realFieldType) m n kind (a : 'I_m -> 'rV[R]_n) w0 i :
  eligible kind a w0 i = (phi kind (corr a w0 i) != 0).
Proof.
rewrite /eligible /phi; case: kind => //; case: (lerP 0 (corr a w0 i)) => c0.
  by rewrite lt_def c0 andbT.
by rewrite eqxx ltNge (ltW c0).
Qed.
