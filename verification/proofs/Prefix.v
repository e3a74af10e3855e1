(** One fact on sequences whose name differs between releases of MathComp. *)
From mathcomp Require Import all_ssreflect.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.

(** The beginning of a beginning. *)
Lemma take_prefix (T : Type) i j (s : seq T) : i <= j -> take i (take j s) = take i s.
Proof. by elim: s i j => [|x s IH] [|i] [|j] //= ij; rewrite IH. Qed.
