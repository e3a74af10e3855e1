(** A lead that tends to infinity forces the weights to a single data point, for whatever
    sequence of batches: a statement about single runs, nothing is random. See the idea of the
    proof in WalkStep. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Ending CycStep CycLimit CycRule.
From Whichmin Require Import WalkStep WalkMiss Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Limit.
Variables (R : realFieldType) (m n : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n).
Hypothesis arch : archimedean R.
Hypothesis a_orth : orthonormal a.
Local Notation phi := (@phi R kind).
Local Notation c := (corr a).
Local Notation C := (energy kind a).
Local Notation N := (@sqnorm R n).
Local Notation own := (own kind a).
Local Notation rivals := (rivals kind a).
Local Notation missed := (missed kind a).
Local Notation ratio := (ratio kind a).
Variables (eta : R) (Bs : nat -> {set 'I_m}) (w0 : 'rV[R]_n) (l : 'I_m).
Local Notation al t := (eta / #|Bs t|%:R).
Local Notation W := (run_batches kind a eta Bs w0).
Hypotheses (eta0 : 0 < eta) (al1 : forall t, al t <= 5%:R^-1) (w0_in : N w0 <= 21%:R / 20%:R)
  (w0_lead : phi (c w0 l) != 0)
  (lead_grows : forall K : R, exists T, forall t, (T <= t)%N ->
     K * rivals_sum kind a l (W t) <= `|phi (c (W t) l)|).
Let eta_ge0 : 0 <= eta. Proof. exact: ltW. Qed.
Let al0 t : 0 <= al t. Proof. by rewrite mulr_ge0 // invr_ge0 ler0n. Qed.

Lemma run_trap t : N (W t) <= 21%:R / 20%:R /\ forall j, Num.sg (c (W t) j) = Num.sg (c w0 j).
Proof.
elim: t => //= t [N1 sg]; have [N2 sg2] := trap kind a_orth eta_ge0 (al1 t) N1.
by split=> // j; rewrite sg2 sg.
Qed.
Let N1 t : N (W t) <= 21%:R / 20%:R. Proof. by have [] := run_trap t. Qed.

Lemma run_lead t j : phi (c w0 j) != 0 -> phi (c (W t) j) != 0.
Proof. by move=> j0; elim: t => //= t IH; apply: lead_next => //; exact: N1. Qed.
Let lw t : phi (c (W t) l) != 0. Proof. exact: run_lead. Qed.

Lemma run_level x t t' : (t <= t')%N -> x <= 9%:R / 10%:R -> x <= C (W t) -> x <= C (W t').
Proof.
move=> tt x1 xC; rewrite -(subnKC tt); elim: (t' - t)%N => [|s IH]; first by rewrite addn0.
by rewrite addnS /=; apply: energy_level_kept.
Qed.

Lemma ratio_small e : 0 < e -> exists T, forall t, (T <= t)%N -> ratio l (W t) <= e.
Proof.
move=> e0; have [T h] := lead_grows e^-1; exists T => t tT; have := h t tT.
have : 0 < `|phi (c (W t) l)| by rewrite normr_gt0.
rewrite /WalkMiss.ratio; move: (rivals_sum _ _ _ _) `|_| => Y x x0 h'.
rewrite -subr_ge0; have -> : e - Y / x = (x - e^-1 * Y) * e / x by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?subr_ge0 ?invr_ge0 // ltW.
Qed.

(** If some other point is active then l is drawn again and again: only its batches lower the
    ratio. *)
Lemma drawn_again j : j != l -> phi (c w0 j) != 0 -> forall T, exists2 t, (T <= t)%N & l \in Bs t.
Proof.
move=> jl j0 T; pose r := ratio l (W T).
have r0 : 0 < r.
  rewrite /r /WalkMiss.ratio divr_gt0 ?normr_gt0 // /rivals_sum (bigD1 j) //=.
  apply: (@lt_le_trans _ _ `|phi (c (W T) j)|); first by rewrite normr_gt0 run_lead.
  by rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => i _; exact: normr_ge0.
have [T' low] := ratio_small (divr_gt0 r0 (ltr0n _ 2) : 0 < r / 2%:R).
case: (boolP [exists s : 'I_T', l \in Bs (T + s)]) => [/existsP[s ls]|].
  by exists (T + s)%N => //; exact: leq_addr.
rewrite negb_exists => /forallP none.
have up s : (s <= T')%N -> r <= ratio l (W (T + s)).
  elim: s => [|s IH] sT; first by rewrite addn0 lexx.
  rewrite addnS /=; apply: le_trans (IH (ltnW sT)) _; apply: ratio_out_ge => //.
  exact: (none (Ordinal sT)).
have := le_trans (up T' (leqnn _)) (low _ (leq_addl T T')).
rewrite -subr_ge0; have -> : r / 2%:R - r = - (r / 2%:R) by field.
by rewrite oppr_ge0 leNgt divr_gt0 // ltr0n.
Qed.

Hypothesis recurs : forall T, exists2 t, (T <= t)%N & l \in Bs t.

Definition beta : R := eta / m%:R.
Lemma beta_bounds : 0 < beta /\ beta <= 5%:R^-1.
Proof.
have m0 : 0 < m%:R :> R by rewrite ltr0n; case: m l => // -[].
have [t _ lt] := recurs 0; split; first by rewrite divr_gt0.
apply: le_trans (al1 t); have b0 : 0 < #|Bs t|%:R :> R by rewrite ltr0n; apply/card_gt0P; exists l.
have bm : #|Bs t|%:R <= m%:R :> R by rewrite ler_nat -[X in (_ <= X)%N]card_ord max_card.
rewrite /beta -subr_ge0; move: #|Bs t|%:R (m%:R) b0 m0 bm => x y x0 y0 xy.
have -> : eta / x - eta / y = eta * (y - x) / x / y by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?subr_ge0 ?invr_ge0 // ltW.
Qed.
Let beta0 : 0 < beta. Proof. by have [] := beta_bounds. Qed.

Lemma beta_le t : l \in Bs t -> beta <= al t.
Proof.
move=> lt; have m0 : 0 < m%:R :> R by rewrite ltr0n; case: m l => // -[].
have b0 : 0 < #|Bs t|%:R :> R by rewrite ltr0n; apply/card_gt0P; exists l.
have bm : #|Bs t|%:R <= m%:R :> R by rewrite ler_nat -[X in (_ <= X)%N]card_ord max_card.
rewrite /beta -subr_ge0; move: #|Bs t|%:R (m%:R) b0 m0 bm => x y x0 y0 xy.
have -> : eta / x - eta / y = eta * (y - x) / x / y by field; rewrite !gt_eqF.
by rewrite !mulr_ge0 ?subr_ge0 ?invr_ge0 // ltW.
Qed.

(** ** The energy rises to 9/10 *)
Lemma energy_high : exists T, forall t, (T <= t)%N -> 9%:R / 10%:R <= C (W t).
Proof.
have C0 : 0 < C w0.
  apply: lt_le_trans (own_energy kind a l w0); rewrite lt_def own_ge0 andbT sqrf_eq0;
    exact: w0_lead.
have [low [low0 low1 low2]] : exists x : R, [/\ 0 < x, x <= 9%:R / 10%:R & x <= C w0].
  case: (lerP (C w0) (9%:R / 10%:R)) => [h|/ltW h]; first by exists (C w0); rewrite lexx.
  by exists (9%:R / 10%:R); rewrite lexx; split=> //; rewrite divr_gt0 ?ltr0n.
have low3 : 0 < low / 3%:R by rewrite divr_gt0 ?ltr0n.
have [T1 small] := ratio_small low3; have low0' := ltW low0; have low3' := ltW low3.
have big t : (T1 <= t)%N -> low / 2%:R <= own l (W t).
  move=> tT; have r1 : low / 3%:R <= 1 by cert ((9%:R / 10%:R - low) / 3%:R + 7%:R / 10%:R).
  have h := rivals_le a_orth (N1 t) low3' r1 (lw t) (small t tT).
  have lC : low <= C (W t) by apply: (run_level (leq0n t)).
  rewrite (energy_rivals kind a l (W t)) in lC; move: (own _ _) (rivals _ _) h lC => X r h lC.
  by cert ((X + r - low) + (21%:R / 20%:R * (low / 3%:R) - r) + 3%:R / 20%:R * low).
pose gain := beta * (low / 2%:R) / 10%:R.
have g0 : 0 < gain by rewrite /gain !divr_gt0 ?ltr0n // mulr_gt0 // divr_gt0 ?ltr0n.
have up k : exists T, forall t, (T <= t)%N -> 9%:R / 10%:R <= C (W t) \/ k%:R * gain <= C (W t).
  elim: k => [|k [T IH]]; first by exists 0%N => t _; right; rewrite mul0r; exact: energy_ge0.
  have [t1 t1T lt1] := recurs (T + T1); have tT := leq_trans (leq_addr _ _) t1T.
  have tT1 := leq_trans (leq_addl _ _) t1T; exists t1.+1 => t t1t.
  case: (lerP (9%:R / 10%:R) (C (W t1))) => [high|/ltW small1].
    by left; apply: (run_level (ltnW t1t)) => //; exact: lexx.
  have [high|IH1] := IH t1 tT; first by left; apply: (run_level (ltnW t1t)) => //; exact: lexx.
  have l2 : 0 <= low / 2%:R by rewrite divr_ge0 ?ler0n.
  have rise := energy_any_rises a_orth eta_ge0 (al1 t1) (N1 t1) l2 (big t1 tT1) lt1 small1.
  have next : k.+1%:R * gain <= C (W t1.+1).
    apply: le_trans rise; rewrite -addn1 natrD /gain; have bl := beta_le lt1.
    move: (al t1) (C (W t1)) IH1 bl => A X IH1 bl; rewrite /gain in IH1.
    by cert ((X - k%:R * (beta * (low / 2%:R) / 10%:R)) + (A - beta) * (low / 2%:R) / 10%:R).
  case: (lerP (k.+1%:R * gain) (9%:R / 10%:R)) => [le9|/ltW ge9].
    by right; apply: (run_level t1t).
  by left; apply: (run_level t1t); rewrite ?lexx //; exact: le_trans ge9 next.
have [k kx] := arch (9%:R / 10%:R / gain); have [T h] := up k; exists T => t tT.
case: (h t tT) => // big_k; apply: le_trans big_k.
have e : 9%:R / 10%:R = 9%:R / 10%:R / gain * gain by rewrite divfK // gt_eqF.
rewrite e; move: (9%:R / 10%:R / gain) kx => x kx; have g0' := ltW g0.
by rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0.
Qed.

(** ** The last phase, with a ratio of at most e *)
Section Phase.
Variables (e : R) (T0 : nat).
Hypotheses (e0 : 0 < e) (e1 : e <= 1 / 20%:R)
  (high : forall t, (T0 <= t)%N -> 9%:R / 10%:R <= C (W t))
  (low : forall t, (T0 <= t)%N -> ratio l (W t) <= e).
Let L : R := 20%:R * e / beta.
Definition excess t : R := missed (W t) - 2%:R * ratio l (W t) + 2%:R * e - L.

Lemma few t : (T0 <= t)%N -> rivals l (W t) <= 21%:R / 20%:R * e /\ rivals l (W t) <= 1 / 10%:R.
Proof.
move=> tT; have e1' : e <= 1 by cert ((1 / 20%:R - e) + 19%:R / 20%:R).
have h := rivals_le a_orth (N1 t) (ltW e0) e1' (lw t) (low tT); split=> //.
by apply: le_trans h _; cert (21%:R / 20%:R * (1 / 20%:R - e) + 19%:R / 400%:R).
Qed.

Lemma excess_out t : (T0 <= t)%N -> l \notin Bs t -> excess t.+1 <= excess t.
Proof.
move=> tT lB; have [_ far] := few tT; have e1' : e <= 1 by cert ((1 / 20%:R - e) + 19%:R / 20%:R).
have h1 := missed_out a_orth eta_ge0 (al1 t) (N1 t) (high tT) far lB.
have h2 := ratio_out a_orth eta_ge0 (al1 t) (N1 t) (lw t) lB (le_trans (low tT) e1').
rewrite -[step _ _ _ _ _]/(W t.+1) in h1 h2; rewrite /excess.
move: (missed (W t.+1)) (missed (W t)) (ratio l (W t.+1)) (ratio l (W t))
  (al t * batch_energy kind a (Bs t) (W t)) L h1 h2 => z' z r' r x L' h1 h2.
by cert ((z + x - z') + (2%:R * (r' - r) - x)).
Qed.

Lemma excess_in t : (T0 <= t)%N -> l \in Bs t -> excess t.+1 <= (1 - beta / 4%:R) * excess t.
Proof.
move=> tT lB; have [E far] := few tT; have bl := beta_le lB; have [_ b1] := beta_bounds.
have h1 := missed_in a_orth eta_ge0 (al1 t) (N1 t) (high tT) far lB.
have r0 := ratio_ge0 kind a l (W t.+1); have r1 := low tT; have z0 := missed_ge0 kind a_orth (W t).
have LE : beta * L = 20%:R * e by rewrite /L mulrC divfK // gt_eqF.
rewrite /excess; have b0 := ltW beta0; have e0' := ltW e0; have A0 := al0 t; have A1 := al1 t.
move: (missed (W t)) z0 h1 => z z0; rewrite -[step _ _ _ _ _]/(W t.+1).
move: (missed (W t.+1)) (ratio l (W t.+1)) (ratio l (W t)) (rivals l (W t)) (al t) E r0 r1 bl A0 A1.
move=> z' r' r E A EE r0 r1 bl A0 A1 h1; rewrite -subr_ge0.
have -> : (1 - beta / 4%:R) * (z - 2%:R * r + 2%:R * e - L) - (z' - 2%:R * r' + 2%:R * e - L) =
  ((1 - A / 4%:R) * z + A * E - z') + (A - beta) / 4%:R * z + 2%:R * (1 - beta / 4%:R) * (e - r)
  + 2%:R * r' + A * (21%:R / 20%:R * e - E) + 21%:R / 20%:R * e * (5%:R^-1 - A)
  + e * (279%:R / 100%:R) + (beta * L - 20%:R * e) / 4%:R by field.
have b2 : 0 <= 1 - beta / 4%:R by cert ((5%:R^-1 - beta) / 4%:R + 19%:R / 20%:R).
by rewrite LE subrr mul0r addr0; positive.
Qed.

Lemma excess_small y : 0 < y -> exists T, (T0 <= T)%N /\ forall t, (T <= t)%N -> excess t <= y.
Proof.
move=> y0; have [_ b1] := beta_bounds.
have q0 : 0 <= 1 - beta / 4%:R by cert ((5%:R^-1 - beta) / 4%:R + 19%:R / 20%:R).
have q1 : 1 - beta / 4%:R < 1 by rewrite -subr_gt0 opprB addrC subrK divr_gt0 ?ltr0n.
have keep x t t' : 0 <= x -> (T0 <= t)%N -> (t <= t')%N -> excess t <= x -> excess t' <= x.
  move=> x0 tT tt xt; rewrite -(subnKC tt); elim: (t' - t)%N => [|s IH]; first by rewrite addn0.
  have sT : (T0 <= t + s)%N by exact: leq_trans tT (leq_addr _ _).
  rewrite addnS; case: (boolP (l \in Bs (t + s))) => lB.
    apply: le_trans (excess_in sT lB) _; apply: (@le_trans _ _ ((1 - beta / 4%:R) * x)).
      by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
    by have b0 := ltW beta0; cert (beta / 4%:R * x).
  exact: le_trans (excess_out sT lB) IH.
have X0 := normr_ge0 (excess T0).
have fall k : exists T, (T0 <= T)%N /\ forall t, (T <= t)%N ->
    excess t <= (1 - beta / 4%:R) ^+ k * `|excess T0|.
  elim: k => [|k [T [TT IH]]].
    exists T0; split=> // t tT; apply: (keep _ T0) => //; rewrite expr0 mul1r //; exact: ler_norm.
  have [t1 t1T lt1] := recurs T; have t1T0 := leq_trans TT t1T.
  exists t1.+1; split=> [|t tt]; first exact: leq_trans t1T0 _.
  apply: (keep _ t1.+1) => //; first by rewrite mulr_ge0 ?exprn_ge0.
    exact: leq_trans t1T0 _.
  apply: le_trans (excess_in t1T0 lt1) _.
  by rewrite exprS -mulrA -subr_ge0 -mulrBr mulr_ge0 // subr_ge0; exact: IH.
have [k small] := geometric_small arch q0 q1 X0 y0; have [T [TT h]] := fall k.
by exists T; split=> // t tT; apply: le_trans (h t tT) small.
Qed.
End Phase.

(** ** The limit *)
Theorem walk_limit : converges_to W (Num.sg (c w0 l) *: a l).
Proof.
move=> d d0; have b0 := ltW beta0; have d2 : 0 < d ^+ 2 by rewrite exprn_gt0.
pose D := 4%:R + 20%:R / beta.
have D0 : 0 < D.
  by rewrite /D; apply: (@lt_le_trans _ _ 4%:R); rewrite ?ltr0n //; have bi : 0 <= beta^-1
    by [rewrite invr_ge0]; cert (20%:R / beta).
have [e [e0 e1 eD]] : exists e : R, [/\ 0 < e, e <= 1 / 20%:R & D * e <= d ^+ 2].
  have t20 : 0 < 1 / 20%:R :> R by rewrite divr_gt0 ?ltr01 ?ltr0n.
  case: (lerP (D * (1 / 20%:R)) (d ^+ 2)) => [h|/ltW h]; first by exists (1 / 20%:R); rewrite lexx.
  exists (d ^+ 2 / D); split; first by rewrite divr_gt0.
    rewrite -subr_ge0; have -> : 1 / 20%:R - d ^+ 2 / D = (D * (1 / 20%:R) - d ^+ 2) / D.
      by move: D D0 h => x x0 h; field; rewrite gt_eqF.
    by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
  by rewrite mulrC divfK ?lexx // gt_eqF.
have [T1 high1] := energy_high; have [T2 low2] := ratio_small e0; pose T0 := (T1 + T2)%N.
have high t : (T0 <= t)%N -> 9%:R / 10%:R <= C (W t).
  by move=> tT; apply: high1; apply: leq_trans tT; exact: leq_addr.
have low t : (T0 <= t)%N -> ratio l (W t) <= e.
  by move=> tT; apply: low2; apply: leq_trans tT; exact: leq_addl.
have [T [TT small]] := excess_small e0 e1 high low e0; exists T => t tT.
have [E _] := few e0 e1 low (leq_trans TT tT); have r1 := low _ (leq_trans TT tT).
have := close a_orth (lw t); have [_ ->] := run_trap t => near; apply: le_trans near _.
apply: le_trans eD; have := small t tT; rewrite /excess /D;
  have bi : 0 <= beta^-1 by rewrite invr_ge0.
move: (missed (W t)) (ratio l (W t)) (rivals l (W t)) E r1 => z r F E r1 h; have e0' := ltW e0.
move: beta^-1 bi h => ib bi h.
cert ((e - (z - 2%:R * r + 2%:R * e - 20%:R * e * ib)) + 2%:R * (21%:R / 20%:R * e - F)
  + 2%:R * (e - r) + 9%:R / 10%:R * e).
Qed.
End Limit.
