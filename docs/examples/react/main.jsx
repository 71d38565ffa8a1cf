import { createRoot } from 'react-dom/client';
import { Post } from './Post.jsx';

createRoot(document.getElementById('app')).render(<Post />);
