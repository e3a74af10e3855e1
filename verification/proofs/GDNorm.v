(** Length, direction, cosine: what is used of them; and GD's run as the iterates of
    [Definitions.step]. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD GDOrder Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Norm.
Variables (R : rcfType) (n : nat).
Implicit Types (u v w : 'rV[R]_n).

Lemma vnorm_ge0 u : 0 <= vnorm u. Proof. exact: sqrtr_ge0. Qed.
Lemma vnorm_sqr u : vnorm u ^+ 2 = sqnorm u. Proof. exact: sqr_sqrtr (sqnorm_ge0 u). Qed.
Lemma vnorm_eq0 u : (vnorm u == 0) = (u == 0).
Proof. by rewrite -sqnorm_eq0 -vnorm_sqr sqrf_eq0. Qed.
Lemma vnorm_gt0 u : (0 < vnorm u) = (u != 0).
Proof. by rewrite lt_def vnorm_ge0 andbT vnorm_eq0. Qed.
Lemma sqnorm_gt0 u : (0 < sqnorm u) = (u != 0).
Proof. by rewrite lt_def sqnorm_ge0 andbT sqnorm_eq0. Qed.
Lemma vnormZ (k : R) u : vnorm (k *: u) = `|k| * vnorm u.
Proof. by rewrite /vnorm sqnormZ sqrtrM ?sqr_ge0 // sqrtr_sqr. Qed.
Lemma vnorm1 u : sqnorm u = 1 -> vnorm u = 1.
Proof. by rewrite /vnorm => ->; rewrite sqrtr1. Qed.
Lemma vnorm_le (e : R) u : 0 <= e -> (vnorm u <= e) = (sqnorm u <= e ^+ 2).
Proof. by move=> e0; rewrite -vnorm_sqr le_squares ?vnorm_ge0. Qed.
Lemma vnormN u : vnorm (- u) = vnorm u.
Proof. by rewrite -scaleN1r vnormZ normrN normr1 mul1r. Qed.
Lemma vnorm_sym u v : vnorm (u - v) = vnorm (v - u).
Proof. by rewrite -vnormN opprB. Qed.

(** Cauchy and Schwarz, and the triangle inequality. *)
Lemma dot_le u v : `|dot u v| <= vnorm u * vnorm v.
Proof.
rewrite -le_squares ?normr_ge0 ?mulr_ge0 ?vnorm_ge0 //.
by rewrite exprMn !vnorm_sqr -normrX ger0_norm ?sqr_ge0 // dot_sqr_le.
Qed.
Lemma vnormD u v : vnorm (u + v) <= vnorm u + vnorm v.
Proof.
rewrite vnorm_le ?addr_ge0 ?vnorm_ge0 // sqnormD -!vnorm_sqr.
have := le_trans (ler_norm _) (dot_le u v).
move: (vnorm u) (vnorm v) (dot u v) => p q d h.
by cert (2%:R * (p * q - d)).
Qed.
Lemma vnorm_triangle w u v : vnorm (u - v) <= vnorm (u - w) + vnorm (w - v).
Proof.
have -> : u - v = (u - w) + (w - v) by rewrite addrA subrK.
exact: vnormD.
Qed.

Lemma sqnorm_normalised u : u != 0 -> sqnorm (normalised u) = 1.
Proof.
move=> u0; rewrite sqnormZ -vnorm_sqr; have : vnorm u != 0 by rewrite vnorm_eq0.
by move: (vnorm u) => r r0; field.
Qed.
Lemma normalised_gt0 (k : R) u : 0 < k -> normalised (k *: u) = normalised u.
Proof.
move=> k0; rewrite /normalised vnormZ gtr0_norm // scalerA invfM; congr (_ *: _).
have [->|v0] := eqVneq (vnorm u) 0; first by rewrite invr0 mulr0 mul0r.
by rewrite mulrC mulrA divff ?gt_eqF // mul1r.
Qed.

(** The direction of v is at most twice as far from a unit vector l as v itself. *)
Lemma normalised_near v l : v != 0 -> vnorm l = 1 ->
  vnorm (normalised v - l) <= 2%:R * vnorm (v - l).
Proof.
move=> v0 l1; apply: le_trans (vnorm_triangle v _ _) _.
have r0 : 0 < vnorm v by rewrite vnorm_gt0.
have -> : vnorm (normalised v - v) = `|1 - vnorm v|.
  rewrite /normalised -[X in _ - X]scale1r -scalerBl vnormZ -[X in _ * X]gtr0_norm //.
  by rewrite -normrM; congr (`|_|); field; rewrite gt_eqF.
suff h : `|1 - vnorm v| <= vnorm (v - l).
  by rewrite -subr_ge0; set d := (X in 0 <= X); have -> : d = vnorm (v - l) - `|1 - vnorm v|;
    [rewrite /d; ring | rewrite subr_ge0].
rewrite -l1 ler_norml; apply/andP; split.
  have := vnormD (v - l) l; rewrite subrK => h.
  by cert (vnorm (v - l) + vnorm l - vnorm v).
by rewrite le_move vnorm_sym; have := vnormD (l - v) v; rewrite subrK.
Qed.

(** A sequence has at most one limit, and a linear rate means convergence. *)
Lemma limit_unique (w : nat -> 'rV[R]_n) (l l' : 'rV[R]_n) :
  converges_to w l -> converges_to w l' -> l = l'.
Proof.
move=> h h'; apply/eqP; rewrite -subr_eq0 -vnorm_eq0 eq_le vnorm_ge0 andbT leNgt; apply/negP => d0.
have e0 : 0 < vnorm (l - l') / 3%:R by rewrite divr_gt0 // ltr0n.
have [T hT] := h _ e0; have [T' hT'] := h' _ e0.
have := vnorm_triangle (w (maxn T T')) l l'; rewrite (vnorm_sym l (w _)) leNgt => /negP; apply.
apply: (@le_lt_trans _ _ (vnorm (l - l') / 3%:R + vnorm (l - l') / 3%:R)).
  by apply: add_le; rewrite (vnorm_le _ (ltW e0));
    [exact: hT (leq_maxl _ _) | exact: hT' (leq_maxr _ _)].
rewrite -subr_gt0; set d := (X in 0 < X).
by have -> : d = vnorm (l - l') / 3%:R by rewrite /d; field.
Qed.

Lemma bernoulli_le (x : R) t : 0 <= x -> 1 + t%:R * x <= (1 + x) ^+ t.
Proof.
move=> x0; elim: t => [|t IH]; first by rewrite mul0r addr0 expr0.
rewrite exprS; apply: (@le_trans _ _ ((1 + x) * (1 + t%:R * x))); last first.
  by apply: mul_le IH => //; by rewrite addr_ge0 ?ler01 // mulr_ge0 ?ler0n.
rewrite -subr_ge0; set d := (X in 0 <= X).
have -> : d = t%:R * x * x by rewrite /d -addn1 natrD; ring.
by positive.
Qed.

(** Powers of q < 1 fall below every bound, powers of g > 1 grow above it. *)
Lemma power_small (K q e : R) : archimedean R -> 0 <= q -> q < 1 -> 0 < e ->
  exists T, forall t, (T <= t)%N -> K * q ^+ t <= e.
Proof.
move=> arch q0 q1 e0.
have [K0|/ltW K0] := lerP K 0.
  by exists 0%N => t _; apply: le_trans (ltW e0); rewrite mulr_le0_ge0 ?exprn_ge0.
move: q0; rewrite le_eqVlt => /orP[/eqP <-|q0].
  by exists 1%N => -[|t] // _; rewrite expr0n mulr0 ltW.
have qi : 0 < q^-1 - 1 by rewrite subr_gt0 invf_gt1.
have [T hT] := arch (K / e / (q^-1 - 1)); exists T => t tT.
have qt : 0 < q ^+ t by rewrite exprn_gt0.
have : K / e <= (q^-1) ^+ t.
  have -> : q^-1 = 1 + (q^-1 - 1) by ring.
  apply: le_trans (bernoulli_le t (ltW qi)); apply: (@le_trans _ _ (t%:R * (q^-1 - 1))).
    by rewrite -le_quot //; apply: le_trans hT _; rewrite ler_nat.
  by rewrite le_growl ler01.
by rewrite exprVn le_quot // mulrC ge_quot.
Qed.

Lemma linearly_converges (w : nat -> 'rV[R]_n) l :
  archimedean R -> converges_linearly w l -> converges_to w l.
Proof.
move=> arch [K [q [q0 q1 h]]] e e0.
have [T hT] := power_small K arch q0 q1 (exprn_gt0 2 e0); exists T => t tT.
exact: le_trans (h t) (hT t tT).
Qed.
End Norm.

Section Run.
Variables (R : rcfType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Implicit Types (w : 'rV[R]_n).
Local Notation next eta := (step kind a eta [set: 'I_m]).

Lemma nextE eta w : next eta w = w - eta *: gradient kind a w.
Proof.
rewrite /step /gradient cardsT card_ord scalerA; congr (_ - _ *: _).
by apply: eq_bigl => i; rewrite inE.
Qed.

Lemma gd_weightsE eta w0 t : gd_weights kind a eta w0 t = gd kind a eta t w0.
Proof. by elim: t => // t IH; rewrite /gd iterS -/(gd kind a eta t w0) -IH nextE. Qed.

Lemma active_energy w i : eligible kind a w i -> 0 < energy kind a w.
Proof.
rewrite eligibleE => p; rewrite lt_def energy_ge0 andbT /energy psumr_eq0; last first.
  by move=> j _; exact: sqr_ge0.
apply: contra p => /allP /(_ i (mem_index_enum _)); by rewrite /= sqrf_eq0.
Qed.

Lemma inactive_energy w : (forall i, ~~ eligible kind a w i) -> energy kind a w = 0.
Proof.
move=> h; rewrite /energy big1 // => i _; have := h i.
by rewrite eligibleE negbK => /eqP ->; rewrite expr0n.
Qed.

Lemma data_positive w i : eligible kind a w i -> (0 < m)%N.
Proof. by move=> _; case: i => k; apply: leq_ltn_trans. Qed.
End Run.
