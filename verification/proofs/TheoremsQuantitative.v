(** The quantitative theorem: from [Settling] to the statements. *)
From mathcomp Require Import all_ssreflect all_fingroup all_algebra.
From mathcomp Require Import ring zify.
From Whichmin Require Import Vectors Landscape Prob Capture Exchange FarOut Ending Assemble Reach.
From Whichmin Require Import Converge Geometric Sharper Climb Counts Wake Settling Definitions.
From Whichmin Require Statements.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Lemma size_trajectory (R : rcfType) m n b kind a eta w0 (Bs : seq (batch m b)) :
  size (@trajectory R m n b kind a eta w0 Bs) = (size Bs).+1.
Proof. by rewrite /trajectory /states /= size_scanl. Qed.

(** 1 <= 2^h x means (1/2)^h <= x. *)
Lemma half_power (R : realFieldType) (x : R) h : 1 <= 2%:R ^+ h * x -> 2%:R^-1 ^+ h <= x.
Proof.
move=> h1; have g0 : 0 < 2%:R ^+ h :> R by rewrite exprn_gt0 ?ltr0n.
rewrite exprVn -subr_ge0; move: (2%:R ^+ h) g0 h1 => g g0 h1.
have -> : x - g^-1 = (g * x - 1) / g by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?subr_ge0 // invr_ge0 ltW.
Qed.

(** Chance only sees sequences of the given length. *)
Lemma ler_chance_size (R : realFieldType) (Om : finType) T (P Q : pred (seq Om)) :
  (forall s, size s = T -> P s -> Q s) -> chance R T P <= chance R T Q.
Proof.
move=> PQ; have i0 : 0 <= (#|Om| ^ T)%:R^-1 :> R by rewrite invr_ge0 ler0n.
rewrite -subr_ge0 /chance -mulrBl mulr_ge0 // subr_ge0 ler_nat.
by apply: subset_leq_card; apply/subsetP => s; rewrite !inE; apply: PQ; exact: size_tuple.
Qed.

(** Half of p for the capture, half for waking up. *)
Lemma missed (R : rcfType) (m n b : nat) (kind : activation) (a : 'I_m -> 'rV[R]_n) (eta : R)
  w0 (p : R) (W h : nat) : 0 < energy kind a w0 -> 2%:R <= 2%:R ^+ h * p ->
  9%:R / 10%:R <= energy kind a w0 \/
    36%:R * (19%:R / 20%:R - energy kind a w0) * wake_factor m b eta ^+ W <= p * energy kind a w0 ->
  2%:R^-1 ^+ h + 18%:R * (wake_factor m b eta ^+ W * asleep kind a w0) <= p.
Proof.
move=> C0 hp wp; have h1 : 1 <= 2%:R ^+ h * (p / 2%:R).
  by move: (2%:R ^+ h) hp => g hp; cert ((g * p - 2%:R) / 2%:R).
have x1 := half_power h1; have x0 : 0 <= 2%:R^-1 ^+ h :> R by rewrite exprn_ge0 // invr_ge0 ler0n.
suff : 18%:R * (wake_factor m b eta ^+ W * asleep kind a w0) <= p / 2%:R.
  by move=> x2; have -> : p = p / 2%:R + p / 2%:R by [field]; exact: add_le.
rewrite /asleep; case: (lerP (9%:R / 10%:R)) wp => [_ _|small];
  first by rewrite !mulr0 (le_trans x0).
case=> [//|].
move: (energy _ _ _) C0 (_ ^+ W) => x C0 g gp; rewrite -subr_ge0.
have -> : p / 2%:R - 18%:R * (g * ((19%:R / 20%:R - x) / x)) =
  (p * x - 36%:R * (19%:R / 20%:R - x) * g) / 2%:R / x by field; rewrite gt_eqF.
by rewrite mulr_ge0 ?invr_ge0 ?(ltW C0) // mulr_ge0 ?subr_ge0 // invr_ge0 ler0n.
Qed.

Theorem sgd_rate : Statements.sgd_rate.
Proof.
move=> R m n b kind a eta w0 orth b0 bm eta0 al1 start some_el p W M A h [W_wake A_rate [M0
  A_chance] hp] T1 T.
have [i0 _] := some_el.
have act : exists i, phi kind (corr a w0 i) != 0 by have [i] := some_el;
  rewrite eligibleE => ai; exists i.
have le1 := below orth eta0 al1 b0 bm i0 start act A_rate M0 A_chance W h T.
apply: le_trans (missed (C0_gt0 act) hp W_wake); apply: le_trans le1;
  apply: ler_chance_size => Bs sB.
apply: contraR => no; have T1s : (T1 <= size Bs)%N by rewrite sB leq_addr.
have [i ai close] := near_one_point orth eta0 al1 b0 bm start act no T1s.
apply/existsP; exists i; rewrite eligibleE; apply/andP; split; first exact: ai.
apply/forallP => t; apply/implyP => T1t.
by have := close t T1t (ltn_ord t : (t < (size Bs).+1)%N).
Qed.

Theorem sgd_settling_time : Statements.sgd_settling_time.
Proof.
move=> R m n b kind a eta w0 orth b0 bm eta0 al1 start some_el e p W M A h S k.
move=> capt [S_rate ke] T0 T; pose T1 := capture_time W M A h.
have TE : (T0 + T = T1 + (S * k + T))%N by rewrite /T0 /settling_time -addnA.
have le1 := @sgd_rate R m n b kind a eta w0 orth b0 bm eta0 al1 start some_el p W M A h capt (S *
  k + T)%N.
rewrite TE; apply: le_trans le1.
apply: ler_chance_size => Bs sB; apply: contra => /existsP[i /andP[ei /forallP close]].
apply/existsP; exists i; rewrite ei /=; apply/(all_nthP 0) => j.
rewrite size_drop size_trajectory nth_drop => jT.
have tT : (T0 + j < (size Bs).+1)%N by rewrite -ltn_subRL.
have late : (T1 <= T0 + j)%N by rewrite /T0 /settling_time -addnA leq_addr.
have h1 := implyP (close (Ordinal tT)) late; rewrite /within; apply: le_trans h1 _ => /=.
have d0 := drift_gt0 eta0 b0 bm.
have [r0 r1] := rate_bounds eta0 al1 b0 bm.
have q0 : 0 <= 1 - settle_rate m b eta.
  by move: (settle_rate m b eta) r1 => r r1; cert ((1 / 100%:R - r) + 99%:R / 100%:R).
have q1 : 1 - settle_rate m b eta <= 1 by rewrite -subr_ge0 opprB addrC subrK ltW.
have hk : (1 - settle_rate m b eta) ^+ (S * k) <= 2%:R^-1 ^+ k.
  by apply: halved_often; rewrite // opprB addrC subrK.
have := half_power ke; have -> : (T0 + j - capture_time W M A h = S * k + j)%N.
  by rewrite /T0 /settling_time -addnA addKn.
rewrite exprD; have x1 := pow_le1 j q0 q1; have x0 : 0 <= (1 - settle_rate m b eta) ^+ (S * k).
  by rewrite exprn_ge0.
move: (_ ^+ (S * k)) (_ ^+ j) (2%:R^-1 ^+ k) hk x0 x1 => x y z xz x0 y1 ze.
have di : 0 <= (2%:R * drift_rate m b eta)^-1 by rewrite invr_ge0 mulr_ge0 ?ler0n // ltW.
have e2 : e ^+ 2 = 2%:R * drift_rate m b eta * e ^+ 2 / (2%:R * drift_rate m b eta).
  by field; rewrite gt_eqF.
rewrite e2; move: (2%:R * _ * e ^+ 2) (2%:R * _)^-1 di ze => u v v0 zu.
by cert (((u - z) + (z - x) + x * (1 - y)) * v).
Qed.

Theorem settling_time_exists : Statements.settling_time_exists.
Proof.
move=> R m b eta arch b0 bm eta0 al1.
have d0 := drift_gt0 eta0 b0 bm; have [r0 r1] := rate_bounds eta0 al1 b0 bm.
have upper (x : R) : 0 < x -> exists k : nat, 1 <= k%:R * x.
  move=> x0; have [k kx] := arch x^-1; exists k; rewrite -[X in X <= _](mulVf (lt0r_neq0 x0)).
  have x0' := ltW x0; by apply: mul_le; rewrite ?lexx ?invr_ge0.
have two (x : R) : 0 < x -> exists k : nat, 1 <= 2%:R ^+ k * x.
  move=> x0; have [k kx] := upper x x0; exists k; apply: le_trans kx _.
  have x0' := ltW x0; apply: mul_le; rewrite ?ler0n ?lexx //.
  by rewrite -natrX ler_nat ltnW // ltn_expl.
have [rho0 rho1] := rin_bounds eta0 al1 b0 bm.
have m0 : 0 <= m%:R - 1 :> R by rewrite ltW // (m1_pos R b0 bm).
have c0 : 0 < 48%:R / 100%:R :> R by rewrite divr_gt0 ?ltr0n.
have [M' h'] := geometric_small arch rho0 rho1 m0 c0; pose M := M'.+1.
have h2 : (m%:R - 1) * with_leader m b eta ^+ M <= 48%:R / 100%:R.
  apply: le_trans h'; rewrite mulrC; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
  by apply: pow_anti (ltW rho1) (leqnSn M').
have cc := capture_chance_gt0 b0 bm h2.
have [A1 a1] := upper _ r0; have [A2 a2] := arch (M%:R / capture_chance m b eta M).
have cc' := ltW cc; have r0' := ltW r0.
have [A_rate A_chance] : 1 <= (A1 + A2)%:R * settle_rate m b eta /\
    M%:R <= (A1 + A2)%:R * capture_chance m b eta M.
  rewrite natrD; split.
    apply: le_trans a1 _; have A20 : 0 <= A2%:R :> R by rewrite ler0n.
    by rewrite -subr_ge0 -mulrBl [_ + _ - _]addrC addKr mulr_ge0.
  have -> : M%:R = M%:R / capture_chance m b eta M * capture_chance m b eta M :> R.
    by rewrite divfK // gt_eqF.
  rewrite -subr_ge0 -mulrBl mulr_ge0 // subr_ge0; apply: le_trans a2 _.
  by rewrite -subr_ge0 addrK ler0n.
exists M, (A1 + A2)%N => C0 e p C_gt0 e0 p0.
have e2 : 0 < e ^+ 2 by rewrite lt_def sqr_ge0 expf_eq0 /= e0.
have [h hp] : exists h : nat, 1 <= 2%:R ^+ h * (p / 2%:R) by apply: two; rewrite divr_gt0 ?ltr0n.
have [S S1] := upper _ r0.
have [k ke] : exists k : nat, 1 <= 2%:R ^+ k * (2%:R * drift_rate m b eta * e ^+ 2).
  by apply: two; apply: mulr_gt0 => //; apply: mulr_gt0 => //; rewrite ltr0n.
have [o0 o1] := omega_bounds eta0 b0 bm.
have x0 : 0 <= 36%:R * (19%:R / 20%:R) :> R by rewrite !mulr_ge0 ?invr_ge0 ?ler0n.
have pC : 0 < p * C0 by rewrite mulr_gt0.
have [W hW] := geometric_small arch o0 o1 x0 pC.
exists W, h, S, k; split; split=> //; last first.
  by move: (2%:R ^+ h) hp => g hp; cert (2%:R * (g * (p / 2%:R) - 1)).
right; apply: le_trans hW; have g0 : 0 <= wake_factor m b eta ^+ W by rewrite exprn_ge0.
have C0' := ltW C_gt0; move: (_ ^+ W) g0 => g g0.
by cert (36%:R * C0 * g).
Qed.

Theorem sgd_almost_sure_rate : Statements.sgd_almost_sure_rate.
Proof.
move=> R m n b kind a eta w0 arch orth b0 bm eta0 al1 start some_el r p qr p0.
have d0 := drift_gt0 eta0 b0 bm; have [r0 r1] := rate_bounds eta0 al1 b0 bm.
have act : exists i, phi kind (corr a w0 i) != 0 by have [i] := some_el;
  rewrite eligibleE => ai; exists i.
have [M [A numbers]] := @settling_time_exists R m b eta arch b0 bm eta0 al1.
have [W [h [S [k [capt _]]]]] := numbers _ 1 p (C0_gt0 act) (oner_neq0 R) p0.
pose q := 1 - settle_rate m b eta.
have q0 : 0 < q.
  apply: (@lt_le_trans _ _ (99%:R / 100%:R)); first by rewrite divr_gt0 ?ltr0n.
  by rewrite /q; move: (settle_rate m b eta) r1 => x x1; cert (1 / 100%:R - x).
have rp : 0 < r := lt_trans q0 qr.
have v0 : 0 <= q / r by rewrite mulr_ge0 ?invr_ge0 // ltW.
have v1 : q / r < 1.
  have frac (x y : R) : y != 0 -> 1 - x / y = (y - x) / y by move=> y0; field.
  by rewrite -subr_gt0 frac ?gt_eqF // divr_gt0 // subr_gt0.
pose T1 := capture_time W M A h; pose x := (2%:R * drift_rate m b eta * q ^+ T1)^-1.
have x0 : 0 <= x.
  rewrite invr_ge0; apply: mulr_ge0; last by rewrite exprn_ge0 // ltW.
  by apply: mulr_ge0; [exact: ler0n | exact: ltW].
have [T' small] := geometric_small arch v0 v1 x0 ltr01.
exists (T1 + T')%N => T; rewrite -addnA.
have le1 := @sgd_rate R m n b kind a eta w0 orth b0 bm eta0 al1 start some_el p W M A h capt (T'
  + T)%N.
apply: le_trans le1.
apply: ler_chance => Bs; apply: contra => /existsP[i /andP[ei /forallP close]].
apply/existsP; exists i; rewrite ei /=; apply/forallP => t; apply/implyP => T0t.
have T1t : (T1 <= t)%N := leq_trans (leq_addr _ _) T0t.
apply: le_trans (implyP (close t) T1t) _; rewrite -/q -/T1.
have qE : q ^+ (t - T1) / (2%:R * drift_rate m b eta) = (q / r) ^+ t * x * r ^+ t.
  rewrite /x -[in RHS](subnKC T1t) expr_div_n.
  rewrite (subnKC T1t) -[in X in _ = X / _ * _ * _](subnKC T1t) exprD.
  have qT : q ^+ T1 != 0 by rewrite expf_neq0 // gt_eqF.
  have rt : r ^+ t != 0 by rewrite expf_neq0 // gt_eqF.
  move: (q ^+ T1) (q ^+ (t - T1)) (r ^+ t) (drift_rate m b eta) d0 qT rt => y z u d' d0 qT rt.
  by field; rewrite qT rt gt_eqF.
rewrite qE -[X in _ <= X]mul1r; have rt : 0 <= r ^+ t by rewrite exprn_ge0 // ltW.
apply: mul_le => //; first by rewrite mulr_ge0 // exprn_ge0.
apply: le_trans small; apply: mul_le; rewrite ?exprn_ge0 ?lexx //.
by apply: pow_anti => //; [exact: ltW | exact: leq_trans (leq_addl _ _) T0t].
Qed.
