(** Random walks in multiplicative form. The idea of [capture_power]: a power Y of X contracts
    on average while X is below the level; Y is small where X is and the other way round. From
    below the level some draw always lowers Y by the factor q, so that within a fixed number of
    draws any possible state leads to one where Y is as low as one likes; [Capture.captured]
    does the rest. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Trap GD SGD Prob Capture Definitions.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section Powers.
Variable R : realFieldType.
Implicit Types x y : R.

Lemma power_le n x y : 0 <= x -> x <= y -> x ^+ n <= y ^+ n.
Proof.
move=> x0 xy; elim: n => [|n IH]; first by rewrite !expr0 lexx.
by rewrite !exprS; apply: mul_le; rewrite ?exprn_ge0.
Qed.

Lemma power_lt n x y : (0 < n)%N -> 0 <= x -> x < y -> x ^+ n < y ^+ n.
Proof.
move=> n0 x0 xy; have y0 := le_lt_trans x0 xy; case: n n0 => // n _; rewrite !exprS.
have h := power_le n x0 (ltW xy); have p : 0 < y ^+ n by rewrite exprn_gt0.
apply: (@le_lt_trans _ _ (x * y ^+ n)); first by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
by rewrite -subr_gt0 -mulrBl mulr_gt0 // subr_gt0.
Qed.

Lemma power_root n x y : (0 < n)%N -> 0 <= y -> x ^+ n <= y ^+ n -> x <= y.
Proof. by move=> n0 y0; rewrite !leNgt; apply: contra; exact: power_lt. Qed.

Lemma power_low n x : (0 < n)%N -> 0 <= x -> x <= 1 -> x ^+ n <= x.
Proof.
case: n => // n _ x0 x1; rewrite exprS -[X in _ <= X]mulr1; apply: mul_le;
  rewrite ?exprn_ge0 ?lexx //.
exact: exprn_ile1.
Qed.

Lemma power_high n x : (0 < n)%N -> 1 <= x -> x <= x ^+ n.
Proof.
case: n => // n _ x1; have x0 := le_trans ler01 x1.
rewrite exprS -[X in X <= _]mulr1; apply: mul_le; rewrite ?ler01 ?lexx //.
by rewrite -[1](expr1n _ n); apply: power_le => //; exact: ler01.
Qed.
End Powers.

Section Walk.
Variables (R : realFieldType) (Om : finType) (W : Type) (next : Om -> W -> W).
Hypotheses (arch : archimedean R) (Om0 : (0 < #|Om|)%N).
Variables (possible : W -> Prop) (X Y : W -> R) (s p M : nat) (level q : R).
Hypotheses (possible_next : forall o w, possible w -> possible (next o w))
  (X0 : forall w, possible w -> 0 < X w) (Y0 : forall w, possible w -> 0 < Y w)
  (s0 : (0 < s)%N) (p0 : (0 < p)%N) (power : forall w, possible w -> Y w ^+ p = X w ^+ s)
  (level0 : 0 < level) (q1 : q < 1)
  (contracts : forall w, possible w -> X w <= level -> mean (fun o => Y (next o w) / Y w) <= q)
  (reaches : forall w, possible w -> exists2 os : seq Om, (size os <= M)%N & X (run next w os) <=
    level).

Lemma run_possible os w : possible w -> possible (run next w os).
Proof. by elim: os w => //= o os IH w pw; apply: IH; exact: possible_next. Qed.

Definition q' : R := if 0 <= q then q else 0.
Lemma q'_bounds : 0 <= q' /\ q' < 1.
Proof. by rewrite /q'; case: ifP => [|_]; [split | split; rewrite ?lexx ?ltr01]. Qed.

Lemma mean_contracts w : possible w -> X w <= level -> mean (fun o => Y (next o w)) <= q' * Y w.
Proof.
move=> pw low; have y0 := Y0 pw; apply: (@le_trans _ _ (q * Y w)).
  rewrite (_ : mean _ = Y w * mean (fun o => Y (next o w) / Y w)); last first.
    rewrite -mean_scale /mean; congr (_ / _); apply: eq_bigr => o _.
    by rewrite mulrC divfK // gt_eqF.
  by rewrite mulrC -subr_ge0 -mulrBl mulr_ge0 ?(ltW y0) // subr_ge0; exact: contracts.
rewrite -subr_ge0 -mulrBl mulr_ge0 ?(ltW y0) // subr_ge0 /q'.
by case: (lerP 0 q) => [_|/ltW]; rewrite ?lexx.
Qed.

(** Some draw is no worse than the mean. *)
Lemma some_draw (F : Om -> R) x : mean F <= x -> exists o, F o <= x.
Proof.
move=> mx; case: (boolP [exists o, F o <= x]) => [/existsP //|];
  rewrite negb_exists => /forallP none.
have [o0 _] : exists o : Om, true by move/card_gt0P: Om0 => [o _]; exists o.
suff : x < mean F by rewrite ltNge mx.
have k0 : 0 < #|Om|%:R :> R by rewrite ltr0n.
have E : mean F - x = (\sum_o (F o - x)) / #|Om|%:R.
  by rewrite /mean sumrB sumr_const -[X in _ - X]mulr_natl mulrBl mulrAC divff ?mul1r // gt_eqF.
rewrite -subr_gt0 E divr_gt0 // (bigD1 o0) //=.
have h o : 0 < F o - x by rewrite subr_gt0 ltNge none.
apply: (lt_le_trans (h o0)); rewrite -subr_ge0 addrC addKr; apply: sumr_ge0 => o _; exact: ltW.
Qed.

Lemma draws_down k w : possible w -> X w <= level -> exists2 os : seq Om, size os = k &
  Y (run next w os) <= q' ^+ k * Y w.
Proof.
have [q0 _] := q'_bounds; elim: k w => [|k IH] w pw low.
  by exists [::] => //=; rewrite expr0 mul1r lexx.
have [o yo] := some_draw (mean_contracts pw low); have pn := possible_next o pw.
have y0 := ltW (Y0 pw); have yn : Y (next o w) <= Y w.
  apply: le_trans yo _; have [_ q1'] := q'_bounds; have d : 0 <= 1 - q' by rewrite subr_ge0 ltW.
  by cert ((1 - q') * Y w).
have xn : X (next o w) <= level.
  apply: le_trans low; apply: (power_root s0 (ltW (X0 pw))); rewrite -!power //.
  by apply: power_le => //; exact: ltW (Y0 pn).
have [os sz h] := IH _ pn xn; exists (o :: os) => /=; first by rewrite sz.
apply: le_trans h _; have qk : 0 <= q' ^+ k by rewrite exprn_ge0.
by rewrite exprSr -mulrA -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
Qed.

Definition top : R := if level ^+ s <= 1 then level ^+ s else 1.
Lemma top_bounds : [/\ 0 < top, top <= 1 & top <= level ^+ s].
Proof.
rewrite /top; case: (lerP (level ^+ s) 1) => h; first by split; rewrite ?exprn_gt0 ?lexx.
by split; rewrite ?ltr01 ?lexx ?(ltW h).
Qed.

Lemma top_level w : possible w -> Y w <= top -> X w <= level.
Proof.
move=> pw yt; have [_ t1 t2] := top_bounds; apply: (power_root s0 (ltW level0)).
rewrite -(power pw); apply: le_trans t2; have y1 := le_trans yt t1; apply: le_trans yt.
by apply: power_low => //; exact: ltW (Y0 pw).
Qed.

Lemma level_bound w : possible w -> X w <= level -> Y w <= 1 + level ^+ s.
Proof.
move=> pw low; have l0 : 0 <= level ^+ s by rewrite exprn_ge0 // ltW.
case: (lerP (Y w) 1) => [y1|/ltW y1]; first by apply: le_trans y1 _; cert (level ^+ s).
apply: le_trans (power_high p0 y1) _; rewrite (power pw).
apply: le_trans (power_le s (ltW (X0 pw)) low) _; by cert (1 : R).
Qed.

Lemma late_sub (P Q : pred W) os w T0 : (forall v, possible v -> P v -> Q v) -> possible w ->
  late next T0 P w os -> late next T0 Q w os.
Proof.
move=> PQ; elim: os w T0 => [|o os IH] w [|T0] pw; rewrite /late /states //=.
- by rewrite !orbF; exact: PQ.
- case/orP => [pv|h]; first by rewrite PQ.
  apply/orP; right; have := IH (next o w) 0%N (possible_next o pw).
  by rewrite /late /states !drop0; apply.
by move=> h; exact: (IH (next o w) T0 (possible_next o pw)).
Qed.

Theorem capture_power w : possible w -> vanishes_almost_surely next X w.
Proof.
move=> pw; have [t0 t1 t2] := top_bounds; have [q0 q1'] := q'_bounds.
have l0 : 0 <= 1 + level ^+ s by rewrite addr_ge0 ?ler01 // exprn_ge0 // ltW.
have half : 0 < top / 2%:R by rewrite divr_gt0 ?ltr0n.
have [k small] := geometric_small arch q0 q1' l0 half.
have low v : possible v -> exists2 os : seq Om, size os = (M + k).+1 & Y (run next v os) <= top /
  2%:R.
  move=> pv; have [os sz lo] := reaches pv; have pr := run_possible os pv.
  have [os' sz' h] := draws_down (M - size os + k).+1 pr lo; exists (os ++ os').
    by rewrite size_cat sz' addnS addnA subnKC.
  rewrite /run foldl_cat; apply: le_trans h _; apply: le_trans small.
  have y1 := level_bound pr lo; have y0 := ltW (Y0 pr); move: (Y _) y1 y0 => y y1 y0.
  have qk : 0 <= q' ^+ k by rewrite exprn_ge0.
  rewrite -addSn exprD; apply: (@le_trans _ _ (q' ^+ k * y)); last first.
    by rewrite -subr_ge0 -mulrBr mulr_ge0 // subr_ge0.
  rewrite -[X in _ <= X]mul1r -mulrA; apply: mul_le; rewrite ?exprn_ge0 ?mulr_ge0 ?lexx //.
  by apply: exprn_ile1 => //; exact: ltW.
have cap := captured Om0 possible_next (fun v pv => ltW (Y0 pv)) t0 q0 q1'
  (fun v pv yt => mean_contracts pv (top_level pv yt)) (ltn0Sn _) low arch pw.
move=> e pr e0 pr0; have es : 0 < e ^+ s by rewrite exprn_gt0.
pose e' := if e ^+ s <= 1 then e ^+ s else 1.
have [e'0 e'1 e's] : [/\ 0 < e', e' <= 1 & e' <= e ^+ s].
  rewrite /e'; case: (lerP (e ^+ s) 1) => h; first by split; rewrite ?lexx.
  by split; rewrite ?ltr01 ?lexx ?(ltW h).
have [T0 h] := cap e' pr e'0 pr0; exists T0 => T; apply: le_trans (h T); apply: ler_chance => os.
have high v : possible v -> e <= X v -> e' <= Y v.
  move=> pv ev; rewrite leNgt; apply/negP => yv.
  have y1 := le_trans (ltW yv) e'1; have := power_low p0 (ltW (Y0 pv)) y1; rewrite (power pv) => xy.
  have := le_lt_trans (le_trans (power_le s (ltW e0) ev) xy) (lt_le_trans yv e's).
  by rewrite ltxx.
exact: late_sub.
Qed.
End Walk.
