(** One step with a step size of its own for each point: point i has eta p_i with 0 <= p_i <= 1,
    eta <= 1/5. Batches of all kinds are of this form (with replacement, p_i is how often i was
    drawn, over b). With S = sum p_i phi(c_i)^2 and Q = sum p_i^2 phi(c_i)^2 all there is to know
    about a step is
      s = 1 - eta S,  phi(c_j) <- (s + eta p_j (2 - N)) phi(c_j),  rest <- s^2 rest,
    and S^2 <= C Q, Q <= S <= C. The trap and the kept level of the energy follow from these. *)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From Whichmin Require Import Vectors Landscape Trap GD Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Shares.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation rest := (rest kind a).
Variable eta : R.

Definition weighted_step (p : 'I_m -> R) w : 'rV[R]_n :=
  w - eta *: \sum_i p i *: sample_gradient kind a i w.

Variables (p : 'I_m -> R) (w : 'rV[R]_n).
Hypotheses (p0 : forall i, 0 <= p i) (p1 : forall i, p i <= 1).
Hypotheses (eta0 : 0 <= eta) (eta1 : eta <= 5%:R^-1) (N1 : N w <= 21%:R / 20%:R).
Local Notation next := (weighted_step p w).
Local Notation e i := (phi (c w i) ^+ 2).

Definition first_moment : R := \sum_i p i * e i.                           (* S *)
Definition second_moment : R := \sum_i p i ^+ 2 * e i.                     (* Q *)
Definition wshrink : R := 1 - eta * first_moment.                          (* s *)
Definition wfactor i : R := wshrink + eta * p i * (2%:R - N w).
Local Notation S := first_moment.
Local Notation Q := second_moment.
Local Notation s := wshrink.

Lemma first_ge0 : 0 <= S.
Proof. by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?p0 ?sqr_ge0. Qed.
Lemma second_ge0 : 0 <= Q.
Proof. by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?sqr_ge0. Qed.
Lemma first_le_energy : S <= C w.
Proof.
apply: ler_sum => i _; have h := p0 i; have h1 := p1 i; have h2 := sqr_ge0 (phi (c w i)).
by cert ((1 - p i) * e i).
Qed.
Lemma first_le : S <= N w.
Proof. exact: le_trans first_le_energy (energy_le kind a_orth w). Qed.
Lemma second_le_first : Q <= S.
Proof.
apply: ler_sum => i _; have h := p0 i; have h1 := p1 i; have h2 := sqr_ge0 (phi (c w i)).
by cert (p i * (1 - p i) * e i).
Qed.

(** Cauchy and Schwarz: sum_i (S - p_i C)^2 e_i = C (C Q - S^2), for C > 0. *)
Lemma second_ge : S ^+ 2 <= C w * Q.
Proof.
have C0 := energy_ge0 kind a w.
have V0 : 0 <= \sum_i (S - p i * C w) ^+ 2 * e i.
  by apply: sumr_ge0 => i _; rewrite mulr_ge0 ?sqr_ge0.
have VE : \sum_i (S - p i * C w) ^+ 2 * e i = C w * (C w * Q - S ^+ 2).
  rewrite (eq_bigr (fun i => S ^+ 2 * e i + (- (2%:R * S * C w)) * (p i * e i)
    + C w ^+ 2 * (p i ^+ 2 * e i))) => [|i _]; last by ring.
  rewrite !big_split /= -!mulr_sumr -/(energy kind a w) -/S -/Q; by ring.
move: C0; rewrite le_eqVlt => /orP[/eqP C0|C0]; last first.
  by move: V0; rewrite VE pmulr_rge0 // subr_ge0.
have S0 : S = 0.
  by apply/eqP; rewrite eq_le first_ge0 andbT; apply: le_trans first_le_energy _; rewrite -C0 lexx.
by rewrite -C0 S0 expr0n mul0r lexx.
Qed.

(** ** Closed form *)
Lemma weighted_closed :
  next = s *: w + (eta * (2%:R - N w)) *: \sum_i (p i * phi (c w i)) *: a i.
Proof.
rewrite /weighted_step; have -> : \sum_i p i *: sample_gradient kind a i w =
    (N w - 2%:R) *: (\sum_i (p i * phi (c w i)) *: a i) + S *: w.
  rewrite scaler_sumr scaler_suml -big_split /=; apply: eq_bigr => i _.
  by rewrite /sample_gradient scalerDr !scalerA; congr (_ *: _ + _ *: _); ring.
rewrite /wshrink; move: (\sum_i _ *: _) S (N w) => X S' N'.
by apply/rowP => k; rewrite !mxE; move: (w 0 k) (X 0 k) => x y; ring.
Qed.

Lemma weighted_corr j : c next j = s * c w j + eta * p j * (2%:R - N w) * phi (c w j).
Proof.
rewrite weighted_closed /corr dotDl !dotZl dot_suml; congr (_ + _).
rewrite (bigD1 j) //= dotZl a_orth eqxx mulr1 big1 ?addr0; first by rewrite -/(corr a w j); ring.
by move=> i ij; rewrite dotZl a_orth (negbTE ij) mulr0.
Qed.

Lemma weighted_sqnorm :
  N next = s ^+ 2 * N w + eta * (2%:R - N w) * (2%:R * s * S + eta * (2%:R - N w) * Q).
Proof.
have cross : dot w (\sum_i (p i * phi (c w i)) *: a i) = S.
  rewrite dot_sumr; apply: eq_bigr => i _; rewrite dotZr -/(corr a w i) -mulrA.
  by rewrite [phi _ * _]mulrC phi_self.
have part : N (\sum_i (p i * phi (c w i)) *: a i) = Q.
  by rewrite (sqnorm_comb a_orth); apply: eq_bigr => i _; rewrite exprMn.
rewrite weighted_closed sqnormD !sqnormZ dotZl dotZr cross part; by ring.
Qed.

(** ** The trap and the signs *)
Lemma two_minus_N : 19%:R / 20%:R <= 2%:R - N w.
Proof. by cert (21%:R / 20%:R - N w). Qed.

Lemma wtrap_scalar :
  N next <= 21%:R / 20%:R /\ 79%:R / 100%:R <= s.
Proof.
have u0 : 0 <= 2%:R - N w by have h := two_minus_N;
  cert ((2%:R - N w - 19%:R / 20%:R) + 19%:R / 20%:R).
have S0 := first_ge0; have SN := first_le; have QS := second_le_first; have h0 := eta0;
  have h1 := eta1.
have [le _ _] := trap_scalar eta0 eta1 S0 SN N1; split.
  apply: le_trans le; rewrite weighted_sqnorm -/s.
  move: S Q s (N w) u0 QS => S' Q' s' N' u0 QS.
  by cert (eta ^+ 2 * (2%:R - N') ^+ 2 * (S' - Q')).
rewrite /wshrink; move: S (N w) N1 S0 SN => S' N' N1' S0 SN.
by cert (eta * (N' - S') + eta * (21%:R / 20%:R - N') + (5%:R^-1 - eta) * (21%:R / 20%:R)).
Qed.

Lemma wshrink_gt0 : 0 < s.
Proof.
have [_ h] := wtrap_scalar; apply: lt_le_trans h; by rewrite divr_gt0 ?ltr0n.
Qed.

Lemma wshrink_le1 : s <= 1.
Proof. have h := first_ge0; rewrite /wshrink; have h0 := eta0; by cert (eta * S). Qed.

Lemma wgain_ge0 i : 0 <= eta * p i * (2%:R - N w).
Proof.
have h := two_minus_N; have h0 := eta0; have h1 := p0 i.
have h2 : 0 <= 2%:R - N w by cert ((2%:R - N w - 19%:R / 20%:R) + 19%:R / 20%:R).
by positive.
Qed.

Lemma wfactor_ge i : s <= wfactor i.
Proof. by rewrite /wfactor -subr_ge0 [s + _]addrC addrK wgain_ge0. Qed.

Lemma wfactor_gt0 i : 0 < wfactor i.
Proof. exact: lt_le_trans wshrink_gt0 (wfactor_ge i). Qed.

Lemma weighted_phi j : phi (c next j) = wfactor j * phi (c w j).
Proof.
rewrite weighted_corr; apply: phi_affine; first exact: ltW wshrink_gt0.
exact: ltW (wfactor_gt0 j).
Qed.

Lemma weighted_sign j : Num.sg (c next j) = Num.sg (c w j).
Proof.
have sgE k : 0 < k -> Num.sg (k * c w j) = Num.sg (c w j).
  by move=> k0; rewrite sgrM gtr0_sg ?mul1r.
have f0 := wfactor_gt0 j; have s0 := wshrink_gt0; rewrite weighted_corr.
rewrite /Definitions.phi; case: kind; first by rewrite -mulrDl sgE.
by case: ifP => _; [rewrite -mulrDl sgE | rewrite mulr0 addr0 sgE].
Qed.

(** ** The energy *)
Lemma weighted_energy :
  C next = s ^+ 2 * C w + eta * (2%:R - N w) * (2%:R * s * S + eta * (2%:R - N w) * Q).
Proof.
rewrite {1}/energy (eq_bigr (fun j => s ^+ 2 * e j + (2%:R * s * (eta * (2%:R - N w))) * (p j * e j)
   + (eta * (2%:R - N w)) ^+ 2 * (p j ^+ 2 * e j))) => [|j _]; last first.
  by rewrite weighted_phi /wfactor; ring.
by rewrite !big_split /= -!mulr_sumr -/(energy kind a w) -/S -/Q; ring.
Qed.

Lemma weighted_rest : rest next = s ^+ 2 * rest w.
Proof. by rewrite /Definitions.rest weighted_energy weighted_sqnorm; ring. Qed.

(** The second-order term of the energy; it is not negative. *)
Definition surplus : R :=
  S ^+ 2 * (C w - 2%:R * (2%:R - N w)) + (2%:R - N w) ^+ 2 * Q.

Lemma weighted_energyE :
  C next = C w + 2%:R * eta * S * (2%:R - N w - C w) + eta ^+ 2 * surplus.
Proof. by rewrite weighted_energy /surplus /wshrink; ring. Qed.

Lemma surplusE : C w * surplus =
  S ^+ 2 * (2%:R - N w - C w) ^+ 2 + (2%:R - N w) ^+ 2 * (C w * Q - S ^+ 2).
Proof. by rewrite /surplus; ring. Qed.

Lemma surplus_ge0 : 0 <= surplus.
Proof.
have C0 := energy_ge0 kind a w; have h := second_ge.
have h1 : 0 <= C w * surplus.
  rewrite surplusE; have h2 : 0 <= C w * Q - S ^+ 2 by rewrite subr_ge0.
  by positive.
move: C0; rewrite le_eqVlt => /orP[/eqP C0|C0]; last by move: h1; rewrite pmulr_rge0.
have S0 : S = 0.
  by apply/eqP; rewrite eq_le first_ge0 andbT; apply: le_trans first_le_energy _; rewrite -C0 lexx.
rewrite /surplus S0 expr0n mul0r add0r; have q0 := second_ge0; by positive.
Qed.

(** No step takes the energy below a level that it has reached, for levels up to 9/10. *)
Theorem weighted_level l : l <= 9%:R / 10%:R -> l <= C w -> l <= C next.
Proof.
move=> l1 lC; have G0 := surplus_ge0; have S0 := first_ge0; have SC := first_le_energy.
have CN := energy_le kind a_orth w; have u1 := two_minus_N; have h0 := eta0; have h1 := eta1.
rewrite weighted_energyE; move: surplus G0 => G G0; move: S S0 SC => S' S0 SC.
case: (lerP (C w) (2%:R - N w)) => Cu.
  apply: (le_trans lC).
  by cert (2%:R * eta * S' * (2%:R - N w - C w) + eta ^+ 2 * G).
apply: (le_trans l1).
have Cu' : 0 <= C w - (2%:R - N w) by rewrite subr_ge0 ltW.
move: (C w) (N w) N1 CN u1 SC Cu' => C' N' N1' CN u1 SC Cu' {l lC l1 Cu}.
have C0 : 0 <= C' by cert ((C' - (2%:R - N')) + (2%:R - N' - 19%:R / 20%:R) + 19%:R / 20%:R).
cert (eta ^+ 2 * G
  + 2%:R * eta * S' * ((N' - C') + 2%:R * (21%:R / 20%:R - N'))
  + eta / 5%:R * (C' - S') + (5%:R^-1 - eta) / 5%:R * C'
  + 24%:R / 25%:R * ((C' - (2%:R - N')) + (2%:R - N' - 19%:R / 20%:R)) + 12%:R / 1000%:R).
Qed.
End Shares.
