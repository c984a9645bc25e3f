"""What we remember: repositories over Supabase, one per aggregate."""
